"""ASTM F3411-22a at the DSS: identification service areas and their subscriptions."""
