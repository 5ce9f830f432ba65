"""What is wrong with the sections that regulators add to a flight plan, in words; nothing for a good one.

U-space (Regulation (EU) 2021/664, annex IV): the flight authorisation, with a serial number of
ANSI/CTA-2063-A and an operator's registration of EASA (AMC1 and GM1 to article 14(6) of Regulation (EU)
2019/947). Australia: the RPAS platform operating rules, whose closed sets of words alone are held.

Checks forms, and no register: whether an operator exists is another's to say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

_SERIAL: Final = re.compile(r"[0-9A-HJ-NP-Z]{4}([1-9A-F])([0-9A-HJ-NP-Z]{1,15})\Z")
"""CTA-2063-A: a maker's code of four, the length of what follows in hexadecimal, and that; no I and no O."""

_OPERATOR: Final = re.compile(r"[A-Z]{3}([0-9a-z]{12})([0-9a-z])(?:-([0-9a-z]{3}))?\Z")
"""A country (ISO 3166-1 alpha-3), twelve characters, their check character; after a dash the operator's three
secret ones."""

_BASE36: Final = "0123456789abcdefghijklmnopqrstuvwxyz"

LONGEST_ENDURANCE_MIN: Final = 7 * 24 * 60
"""Longer is a mistake of scale: no aircraft of these rules stays up for a week."""

_UAS_CLASSES: Final = ("Other", "C0", "C1", "C2", "C3", "C4", "C5", "C6")
_RPAS: Final = {
    "operator_type": ("Recreational", "CommercialExcluded", "ReOC"),
    "flight_profile": ("AutomatedGrid", "AutomatedWaypoint", "Manual"),
}


def serial_number_good(text: str) -> bool:
    found = _SERIAL.match(text)
    return found is not None and len(found[2]) == int(found[1], 16)


def operator_id_good(text: str) -> bool:
    """The check character covers the three secret ones, so that it is tried only where they are given."""
    found = _OPERATOR.match(text)
    return found is not None and (found[3] is None or check_character(found[1] + found[3]) == found[2])


def check_character(text: str) -> str:
    """Luhn's, modulo 36: every second value from the last is doubled and its two digits are added up."""
    total = 0
    for place, character in enumerate(reversed(text)):
        value = _BASE36.index(character) * (2 if place % 2 == 0 else 1)
        total += value // 36 + value % 36
    return _BASE36[-total % 36]


def problems_of_authorisation(given: Mapping[str, Any]) -> list[str]:
    """Of a ``uspace_flight_authorisation``."""
    minutes, uas_class = given.get("endurance_minutes"), given.get("uas_class")
    checked = {
        "uas_serial_number is no serial number of ANSI/CTA-2063-A": serial_number_good(
            _text(given, "uas_serial_number")
        ),
        "operator_id is no registration of an operator": operator_id_good(_text(given, "operator_id")),
        "operation_mode must be Vlos or Bvlos": given.get("operation_mode") in ("Vlos", "Bvlos"),
        "operation_category must be Open, Specific or Certified": given.get("operation_category")
        in ("Open", "Specific", "Certified"),
        f"uas_class must be one of {', '.join(_UAS_CLASSES)}": uas_class in _UAS_CLASSES,
        "uas_type_certificate is needed where uas_class is Other": uas_class != "Other"
        or bool(_text(given, "uas_type_certificate")),
        "identification_technologies must name at least one": _words(
            given.get("identification_technologies")
        ),
        "connectivity_methods must name at least one": _words(given.get("connectivity_methods")),
        f"endurance_minutes must be from 1 to {LONGEST_ENDURANCE_MIN}": isinstance(minutes, int | float)
        and 1 <= minutes <= LONGEST_ENDURANCE_MIN,
        "emergency_procedure_url is no URL": _is_url(_text(given, "emergency_procedure_url")),
    }
    return [problem for problem, good in checked.items() if not good]


def problems_of_rpas(given: Mapping[str, Any]) -> list[str]:
    """Of a ``rpas_operating_rules_2_6``."""
    return [
        f"{name} must be one of {', '.join(known)}"
        for name, known in _RPAS.items()
        if given.get(name) is not None and given[name] not in known
    ]


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    return value if isinstance(value, str) else ""


def _words(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) and one for one in value)


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
