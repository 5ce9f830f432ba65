"""The picture: what is seen. ``picture.Picture`` takes reports and gives frames; it promises nothing.

``plausibility`` judges, ``live`` holds one source's tracks, ``fusion`` and ``coarse`` make what a reader
sees of the sources released to it, ``frame`` encodes it and tells what changed; ``recording`` and
``replay`` keep what was received.
"""
