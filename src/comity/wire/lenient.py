"""Reading JSON bodies of the standards' interfaces: typed, but unknown fields are ignored.

F3548-21 and F3411-22a ask that fields which the interface does not declare are ignored, and that null may
stand for a field that may be left out. What is declared must be of its type; a refusal names it.
``wire.decode`` reads the native interface, and is strict.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

from comity.errors import InvalidInput
from comity.wire.decode import WHOLE_BODY, explain

T = TypeVar("T")


class Lenient(Generic[T]):
    """Reads bodies of one type. Keeps no state."""

    def __init__(self, type_: type[T]) -> None:
        self.type: Any = type_
        self._decoder = msgspec.json.Decoder(type_)

    def read(self, body: bytes) -> T:
        if not body:
            raise InvalidInput("a JSON body is required and this one is empty", field=WHOLE_BODY)
        try:
            return self._decoder.decode(body)
        except msgspec.ValidationError as error:
            raise explain(error, self.type) from error
        except RecursionError as error:
            raise InvalidInput("the body is nested too deeply", field=WHOLE_BODY) from error
        except UnicodeDecodeError as error:
            raise InvalidInput("the body must be UTF-8 text", field=WHOLE_BODY) from error
        except ValueError as error:  # msgspec.DecodeError
            raise InvalidInput(f"the body must be one JSON value: {error}", field=WHOLE_BODY) from error
