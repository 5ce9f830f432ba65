"""The first door's subjects: intents, constraints, release rules, members. Decide, and fold.

``decide`` is pure: state, command and now give facts or a refusal. ``fold`` puts facts into a state and
decides nothing. State is a fold over the ledger, whatever made the entries.
"""
