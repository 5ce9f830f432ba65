"""Geometry: the WGS84 ellipsoid, outlines, heights, the fixed nested grid and the 4D index.

Everything here is a pure function or an in-memory structure over ``model`` values. Whatever
approximates errs outward: a volume may be taken for larger than it is, never for smaller.
"""
