"""The three doors, joined: submit, observe, release."""

from comity.exchange.exchange import Exchange
from comity.exchange.values import LogLeaf, Outcome, Receipt, SeenBy, TrackDelta, TrackFrame

__all__ = ["Exchange", "LogLeaf", "Outcome", "Receipt", "SeenBy", "TrackDelta", "TrackFrame"]
