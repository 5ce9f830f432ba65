"""Values to and from the bytes of each standard's wire. No logic, no state, no clock.

``native`` holds the bodies of Comity's own API, ``decode`` reads them strictly, ``encode`` writes answers
so that equal values are equal bytes, ``signing`` builds and checks the text of a signed command.
"""
