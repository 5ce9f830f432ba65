"""The record of what was promised: entries, their trees, and the one SQLite file that holds them.

``store.Ledger`` writes, ``reader.Reader`` reads, ``verify.verify`` distrusts both. The format is
docs/ledger-format.md. The ledger knows payloads as bytes and decides nothing about who may see what.
"""
