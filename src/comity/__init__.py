"""Comity, an airspace coordination exchange.

Several organisations that do not fully trust each other tell one exchange what they are willing to
tell, see what was released to them and nothing more, and leave a record that nobody can change
unseen. The architecture is on one page in ``docs/architecture.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from comity.client import Client

__version__ = "0.1.0"
__all__ = ["Client", "__version__"]


def __getattr__(name: str) -> Any:
    """``comity.Client`` on first use, so that nothing else pays for loading it."""
    if name == "Client":
        from comity.client import Client

        return Client
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
