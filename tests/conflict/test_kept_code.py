"""Where compiled code is kept: found again, made anew when sources change, done without where it must be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from comity.conflict import compiled
from comity.conflict import warm as warming
from comity.conflict.warm import kernels, warm

ROOT = Path(__file__).parents[2]

SMALL = """
from comity.conflict import compiled, cylinder
import numpy as np
cylinder.intervals(np.zeros((6, 1)), d_m=1.0, h_m=1.0, horizon_s=1.0)
print(compiled.FOLDER)
stats = cylinder.fill_intervals.stats
print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
"""


TORN = """
from comity.conflict import compiled, cylinder, warm
import numpy as np
try:
    cylinder.intervals(np.zeros((6, 1)), d_m=1.0, h_m=1.0, horizon_s=1.0)
except EOFError:
    print("torn")
for each in warm.kernels():
    compiled.keep_nothing(each)
cylinder.intervals(np.zeros((6, 1)), d_m=1.0, h_m=1.0, horizon_s=1.0)
print("works")
"""


def run(program: str = SMALL, **environment: str) -> list[str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env=kept | {"PYTHONPATH": str(ROOT / "src")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_code_is_kept_where_numba_is_told_and_found_again(tmp_path: Path) -> None:
    folder, hits, misses = run(NUMBA_CACHE_DIR=str(tmp_path))
    assert Path(folder).parent == tmp_path
    assert (hits, misses) == ("0", "1")
    assert list(tmp_path.rglob("*.nbc"))
    assert run(NUMBA_CACHE_DIR=str(tmp_path))[1:] == ["1", "0"]


def test_code_is_kept_in_the_users_cache_by_default(tmp_path: Path) -> None:
    folder, _, _ = run(XDG_CACHE_HOME=str(tmp_path))
    assert Path(folder).parent == tmp_path / "comity" / "kernels"


def test_without_a_folder_that_can_be_written_everything_works(tmp_path: Path) -> None:
    blocked = tmp_path / "a file, not a folder"
    blocked.write_text("")
    assert run(NUMBA_CACHE_DIR=str(blocked)) == ["None", "0", "1"]


def test_the_next_folder_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    monkeypatch.setattr(compiled, "_HERE", tmp_path)
    (tmp_path / "one.py").write_text("1")
    assert compiled.cache_folder() == tmp_path / "__pycache__" / f"comity-{compiled.sources_digest()}"


def test_the_folder_changes_with_any_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_HERE", tmp_path)
    seen = {compiled.sources_digest()}
    for name, text in (("a.py", "1"), ("a.py", "2"), ("b.py", "")):
        (tmp_path / name).write_text(text)
        seen.add(compiled.sources_digest())
    assert len(seen) == 4


def test_a_torn_file_is_given_up(tmp_path: Path) -> None:
    run(NUMBA_CACHE_DIR=str(tmp_path))
    for index in tmp_path.rglob("*.nbi"):
        index.write_bytes(b"")
    assert run(TORN, NUMBA_CACHE_DIR=str(tmp_path)) == ["torn", "works"]


@pytest.mark.parametrize("failure", [OSError("no space"), EOFError()])
def test_warming_gives_up_a_folder_that_fails(failure: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def use_all() -> None:
        calls.append("used")
        if len(calls) == 1:
            raise failure

    monkeypatch.setattr(warming, "_use_all", use_all)
    monkeypatch.setattr(warming, "keep_nothing", lambda each: calls.append(each.__name__))
    warm()
    assert calls[0] == calls[-1] == "used"
    assert {"search", "lay", "fill_intervals", "_mark"} <= set(calls)


def test_after_warming_nothing_is_compiled() -> None:
    warm()
    before = {id(each): len(each.signatures) for each in kernels()}  # type: ignore[attr-defined]  # numba's dispatchers
    from tests.conflict.scenes import mixed, plain

    for seed in range(3):
        plain(seed).found()
        mixed(seed).found()
        mixed(seed).found(crowd=2)
    assert {id(each): len(each.signatures) for each in kernels()} == before  # type: ignore[attr-defined]  # as above
