"""What an alternative is in words, for people. Programs read the numbers beside them."""

from __future__ import annotations

from typing import Final

_COMPASS: Final = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")


def of_time(later_s: float) -> str:
    return f"{_length(abs(later_s))} {'later' if later_s > 0 else 'earlier'}"


def of_height(higher_m: float) -> str:
    if higher_m > 0:
        return f"{higher_m:.0f} m higher"
    return f"{-higher_m:.0f} m lower; whether the ground allows it is not checked"


def of_shift(aside_m: float, towards_deg: float) -> str:
    return f"all of it {_metres(aside_m)} to the {_towards(towards_deg)}"


def of_detour(aside_m: float, towards_deg: float, longer_s: float) -> str:
    """Past a bend of the route the other way may be the shorter one."""
    change = f"{_length(abs(longer_s))} {'longer' if longer_s > 0 else 'shorter'}"
    return f"around by {_metres(aside_m)} to the {_towards(towards_deg)}, {change}"


def _length(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{value} {name}" for value, name in ((hours, "h"), (minutes, "min"), (rest, "s")) if value]
    return " ".join(parts) or "0 s"


def _metres(metres: float) -> str:
    return f"{metres:.0f} m" if metres < 1_000 else f"{metres / 1_000:.1f} km"


def _towards(degrees: float) -> str:
    return _COMPASS[round(degrees / 45.0) % 8]
