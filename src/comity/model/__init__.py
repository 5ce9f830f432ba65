"""Frozen domain values, valid by construction. They know no JSON, no clock, no database.

Every value is a ``msgspec.Struct``: frozen, slotted, a third of a dataclass's size, and decodable
by ``wire/`` and ``ledger/`` without a second set of classes. ``gc=False`` stands where a value holds
no reference back to a container, so that a million of them cost the collector nothing.
"""
