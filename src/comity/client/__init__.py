"""The native API from Python: synchronous, typed, with the exchange's own values and errors.

>>> from comity import Client
>>> with Client("https://exchange.example", token=token) as comity:      # doctest: +SKIP
...     filed = comity.file_intent(volumes, category="aeroplane", crewed=True)

A write carries an idempotency key that stays the same over all its attempts, so a lost connection never
files anything twice. What the exchange refuses is raised as the class of ``comity.errors`` with its code.
"""

from comity.client.answers import (
    Alerts,
    Bye,
    Frame,
    Hello,
    HistoryMoment,
    HistorySpan,
    LogPage,
    Seen,
    Snapshot,
    Tick,
    Whoami,
    Written,
)
from comity.client.client import Client, Near
from comity.client.transport import Signer

__all__ = [
    "Alerts",
    "Bye",
    "Client",
    "Frame",
    "Hello",
    "HistoryMoment",
    "HistorySpan",
    "LogPage",
    "Near",
    "Seen",
    "Signer",
    "Snapshot",
    "Tick",
    "Whoami",
    "Written",
]
