"""Planning: volumes from a route, and the smallest changes of a plan that would pass. Pure functions."""
