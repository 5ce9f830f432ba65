"""The words of an SBS line: each field's text -> its value, or the reason why it has none.

Most fields of a stream repeat the same few thousand words (addresses, callsigns, speeds, whole seconds), so
:class:`Words` remembers what each meant. Reading a word once is most of what makes the decoder fast.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeVar

from comity.clock import micros
from comity.model.batch import normal_address, normal_callsign
from comity.model.intake import Rejection

MAX_WORDS: Final = 100_000
"""Distinct words remembered for a field before all are forgotten; larger costs memory only."""

_NUMBER: Final = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)\Z")
_NOT_A_NUMBER: Final = re.compile(rb"[+-]?(?:nan|inf|infinity)\Z", re.IGNORECASE)
_SQUAWK: Final = re.compile(rb"[0-7]{1,4}\Z")
_GROUND: Final = {b"": -1, b"0": 0, b"1": 1, b"-1": 1}
_DATE: Final = re.compile(rb"(\d{4})/(\d{2})/(\d{2})\Z")
_CLOCK: Final = re.compile(rb"([01]\d|2[0-3]):([0-5]\d):([0-5]\d)\Z")
_FRACTION: Final = re.compile(rb"(?:\.(\d{1,6}))?\Z")
_START: Final = re.compile(rb"\w{3} (\w{3} \d{1,2} \d{2}:\d{2}:\d{2}) \+0000 UTC (\d{4})\s*\Z")

_T = TypeVar("_T")


class Unreadable(ValueError):
    """A word that is none of its field's."""

    def __init__(self, reason: Rejection) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Words(dict[bytes, _T]):
    """What each word means: read when first met, by ``read``, which raises ``Unreadable``. Bounded."""

    def __init__(self, read: Callable[[bytes], _T]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, word: bytes) -> _T:
        value = self._read(word)
        if len(self) >= MAX_WORDS:
            self.clear()
        self[word] = value
        return value


def address(word: bytes) -> str:
    return _named(word, normal_address, Rejection.BAD_ADDRESS)


def callsign(word: bytes) -> bytes:
    return _named(word, normal_callsign, Rejection.BAD_CALLSIGN).encode("ascii")


def squawk(word: bytes) -> int:
    """-1 where it is empty: unknown."""
    if word and not _SQUAWK.match(word):
        raise Unreadable(Rejection.BAD_SQUAWK)
    return int(word) if word else -1


def ground(word: bytes) -> int:
    if word not in _GROUND:
        raise Unreadable(Rejection.MALFORMED)
    return _GROUND[word]


def number(word: bytes) -> float:
    """A decimal number; NaN where it is empty. Python's ``float`` takes more than the format has."""
    if not word:
        return float("nan")
    if _NUMBER.match(word):
        return float(word)
    if not word.isascii():
        raise Unreadable(Rejection.NOT_ASCII)
    raise Unreadable(Rejection.NOT_FINITE if _NOT_A_NUMBER.match(word) else Rejection.MALFORMED)


def day_us(word: bytes) -> int:
    """The beginning of a yyyy/mm/dd, in microseconds since 1970 as if its zone were UTC."""
    match = _DATE.match(word)
    try:
        if match is not None and 2000 <= int(match[1]) < 2100:
            return micros(datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=UTC))
    except ValueError as error:
        raise Unreadable(Rejection.BAD_TIME) from error
    raise Unreadable(Rejection.BAD_TIME)


def clock_us(word: bytes) -> int:
    match = _CLOCK.match(word)
    if match is None:
        raise Unreadable(Rejection.BAD_TIME)
    return (int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3])) * 1_000_000


def fraction_us(word: bytes) -> int:
    match = _FRACTION.match(word)
    if match is None:
        raise Unreadable(Rejection.BAD_TIME)
    return int((match[1] or b"0").ljust(6, b"0"))


def start_us(word: bytes) -> int | None:
    """The time in a stratux START line, as in ``Wed Sep 2 04:23:37 +0000 UTC 2015``."""
    match = _START.match(word)
    if match is None:
        return None
    text = f"{match[1].decode('ascii')} {match[2].decode('ascii')} +0000"
    try:
        return micros(datetime.strptime(text, "%b %d %H:%M:%S %Y %z"))
    except ValueError:
        return None


class Times:
    """Dates and times as if their zone were UTC, in microseconds since 1970. An aircraft's lines often come
    together and bear one time, so the last one is remembered whole."""

    def __init__(self) -> None:
        self._days = Words(day_us)
        self._clocks = Words(clock_us)
        self._fractions = Words(fraction_us)
        self._last = (b"", b"", 0)

    def of(self, date: bytes, clock: bytes) -> int:
        last_date, last_clock, us = self._last
        if clock != last_clock or date != last_date:
            us = self._read(date, clock)
            self._last = date, clock, us
        return us

    def _read(self, date: bytes, clock: bytes) -> int:
        return self._days[date] + self._clocks[clock[:8]] + self._fractions[clock[8:]]


def _named(word: bytes, normal: Callable[[str], str | None], reason: Rejection) -> str:
    if not word.isascii():
        raise Unreadable(Rejection.NOT_ASCII)
    name = normal(word.decode("ascii"))
    if name is None:
        raise Unreadable(reason)
    return name
