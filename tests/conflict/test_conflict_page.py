"""The example of docs/conflict.md runs and prints what the page says."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "conflict.md"


def test_the_example_prints_what_stands_below_it() -> None:
    text = PAGE.read_text(encoding="utf-8")
    code = re.search(r"^```python\n(.*?)^```$", text, re.M | re.S)
    wanted = re.search(r"^```text\n(.*?)^```$", text, re.M | re.S)
    assert code is not None
    assert wanted is not None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code[1], str(PAGE), "exec"), {})
    assert printed.getvalue() == wanted[1]
