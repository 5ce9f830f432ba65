"""The picture: what is seen. ``picture.Picture`` takes reports and gives frames; it promises nothing.

``plausibility`` judges, ``live`` holds one source's tracks, ``fusion`` and ``coarse`` make what a reader
sees of the sources released to it, ``referenced`` what it sees under references, tracks raised for it
among them. ``frame`` tells what changed, in forms that ``encoded`` makes once for all: ``views`` for JSON,
``packed`` for the binary stream. ``recording`` and ``replay`` keep what was received.
"""
