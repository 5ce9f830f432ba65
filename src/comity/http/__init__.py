"""The native API over HTTP and one WebSocket: routes, tokens, quotas, streams, logs and counters.

It translates and decides nothing: what may be said is the exchange's to say (``port``), how a value reads
is ``wire``'s. Every route declares the roles and the scope it needs (``access``); what is not declared
is refused.
"""
