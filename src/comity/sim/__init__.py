"""Made traffic and a made day over the Alps: everything here is a pure function of a seed and the time.

It stands in for feeds and people, not for the exchange: broadcast traffic leaves as SBS bytes, drones and
air forces as JSON reports, decisions as commands, and all of it enters through the same two doors as
anyone's. No aircraft, callsign or address here is anybody's.
"""
