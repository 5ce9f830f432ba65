"""The USS of participants who have no server of their own, towards other USSs (ASTM F3548-21, USS to USS).

Going out: tokens, requests to peers within bounds, their details fetched and held against their references,
notifications delivered at least once. What comes in is ``exchange.hosting``'s. Nothing here knows the state:
it is handed references and gives back values.
"""
