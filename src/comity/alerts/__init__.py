"""Monitors over what is seen, and the life of the alerts they find.

Pure: nothing here reads a clock, keeps a socket or decides who may know.
"""
