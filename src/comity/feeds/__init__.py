"""Feeds: bytes from the world -> batches of reports. One file for each format, source and queue.

Nothing here knows the picture, the state or HTTP: a feed hands on what it decoded and what it could not.
"""
