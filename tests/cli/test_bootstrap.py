"""Making a checkout ready: done once, again when something changed, and plain words when it cannot be."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import bootstrap
import hatch_build


def fake_python(path: Path, *, says: str, code: int) -> str:
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / "venv")
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path / "venv" / "bin" / "python")
    return tmp_path


def test_without_ensurepip_it_says_what_to_install(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = fake_python(place / "python", says="ensurepip is not available", code=1)
    monkeypatch.setattr(sys, "executable", python)
    with pytest.raises(bootstrap.Failed, match="apt install python3-venv"):
        bootstrap.make_environment()


@pytest.mark.parametrize(
    ("says", "code", "has"),
    [("pip 23.0.1 from x", 0, True), ("pip 20.3 from x", 0, False), ("No module named pip", 1, False)],
)
def test_an_old_pip_is_not_used_for_another_interpreter(place: Path, says: str, code: int, has: bool) -> None:
    assert bootstrap.has_pip(fake_python(place / "python", says=says, code=code)) is has


def test_it_is_ready_until_something_changes(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not bootstrap.ready("runtime")
    (place / "venv").mkdir()
    bootstrap.stamp("dev").write_text(bootstrap.wanted("dev"))
    assert bootstrap.ready("dev")
    assert bootstrap.ready("runtime"), "a development environment also runs"
    bootstrap.stamp("dev").unlink()
    bootstrap.stamp("runtime").write_text(bootstrap.wanted("runtime"))
    assert bootstrap.ready("runtime")
    assert not bootstrap.ready("dev"), "the reverse is not so"
    other = {"runtime": ("requirements.txt",), "dev": ("requirements-dev.txt",)}
    monkeypatch.setattr(bootstrap, "FILES", other)
    assert not bootstrap.ready("runtime")


def test_a_wrong_word_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["bootstrap.py", "everything"])
    assert bootstrap.main() == 2


def test_the_map_is_built_when_its_sources_change(tmp_path: Path) -> None:
    assert hatch_build.outdated(tmp_path)
    static = hatch_build.static_directory(tmp_path)
    static.mkdir(parents=True)
    (static / "index.html").touch()
    assert not hatch_build.outdated(tmp_path), "an sdist's bundle is taken as it is"
    (tmp_path / "web" / "node_modules").mkdir(parents=True)
    (tmp_path / "web" / "package.json").write_text("{}")
    assert hatch_build.outdated(tmp_path)
    (static / ".sources").write_text(hatch_build.digest(tmp_path) + "\n")
    assert not hatch_build.outdated(tmp_path)
    (tmp_path / "web" / "node_modules" / "x.js").touch()
    assert not hatch_build.outdated(tmp_path), "what npm installs is no source"
    (tmp_path / "web" / "main.ts").touch()
    assert hatch_build.outdated(tmp_path)


def test_without_sources_the_map_cannot_be_built(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="whole checkout"):
        hatch_build.build(tmp_path)


@pytest.mark.parametrize(("version", "usable"), [("v18.19.0", False), ("v22.1.0", True), ("nonsense", False)])
def test_an_old_node_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, usable: bool
) -> None:
    for name in ("node", "npm"):
        fake_python(tmp_path / name, says=version, code=0)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (hatch_build.node_on_path() is not None) is usable
