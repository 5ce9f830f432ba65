"""Geozones in: files of zones in the formats that authorities publish, read into values.

``reading.read`` finds out the format and answers a :class:`~comity.geozones.zone.Reading`: the zones, and
everything that could not be read with its reason. Bytes in, values out: nothing here opens a file, asks a
network, reads a clock or publishes anything. Where a zone cannot be taken exactly it is taken larger.
"""
