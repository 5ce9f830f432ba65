"""How kernels are compiled, and where the machine code is kept between runs.

``kernel`` marks a function for Numba: compiled at its first call, without holding the interpreter's lock
while it runs, dividing as numpy does. The code is kept in the first of these that can be written:

1. ``$NUMBA_CACHE_DIR``, where that is set;
2. ``$XDG_CACHE_HOME`` or ``~/.cache``, there ``comity/kernels``;
3. ``__pycache__`` beside this file;

and where none can, it is kept nowhere: every process compiles anew, nothing fails. In each the folder's name
holds a digest of this package's sources. Numba itself looks only at the file of the function it loads, and
would go on using code that has an old version of another file's function inside.

The folder holds pickles: whoever can write to it can run code here. So it is never a shared temporary one.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import numba
from numba.core.caching import NullCache

Function = TypeVar("Function", bound=Callable[..., Any])

_HERE: Final = Path(__file__).resolve().parent


def sources_digest() -> str:
    """Changes with any source file of this package."""
    digest = hashlib.sha256()
    for path in sorted(_HERE.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def cache_folder() -> Path | None:
    """The first writable of the folders named above, made if need be; None where there is none."""
    name = f"comity-{sources_digest()}"
    for parent in _parents():
        folder = parent / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError:
            continue
        return folder
    return None


def _parents() -> list[Path]:
    given = os.environ.get("NUMBA_CACHE_DIR")
    if given:
        return [Path(given)]
    parents = []
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    if os.path.isabs(home):
        parents.append(Path(home) / "comity" / "kernels")
    return [*parents, _HERE / "__pycache__"]


FOLDER: Final = cache_folder()
"""Where this process keeps compiled code; None: nowhere."""


def kernel(function: Function) -> Function:
    """Compile ``function`` for each combination of argument types it is called with."""
    settings = vars(numba.config)
    before = settings["CACHE_DIR"]
    try:
        # Numba reads the setting when it decorates, and only then.
        settings["CACHE_DIR"] = "" if FOLDER is None else str(FOLDER)
        made = numba.njit(
            function, cache=FOLDER is not None, nogil=True, error_model="numpy", forceinline=True
        )
    finally:
        settings["CACHE_DIR"] = before
    compiled: Function = made
    return compiled


def keep_nothing(function: Callable[..., Any]) -> None:
    """Neither read nor write kept code for this kernel: for a folder that fails after all (a full disk, a
    torn file). Numba has no public way to take caching back."""
    vars_of: Any = function
    vars_of._cache = NullCache()
