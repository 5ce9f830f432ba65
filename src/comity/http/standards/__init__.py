"""The standards' interfaces over HTTP: ASTM F3548-21, F3411-22a and what belongs to them.

A boundary of their own: other tokens (``tokens``), other errors, and callers that are no members but USSs
known by the ``sub`` of their token. Routes by subject, joined in ``table``.
"""
