"""What is tracked can be cloned anywhere: no registry hosts, no paths of one machine, hashed requirements.

Tracked files are asked of git; in an unpacked sdist, where there is no git, everything that is there counts.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

from tests.rules.source import ROOT

REGISTRY = re.compile(
    r"pypi\.org|pythonhosted|npmjs|registry\.npm|deb\.debian|files\.python|unpkg\.com|jsdelivr"
)
MACHINE = re.compile(r"(?<![\w.$/])/(?:work|farm|root|home/\w+|Users/\w+|opt/\w+)/|/tmp/bash")
THIS_FILE = "tests/rules/test_repository.py"
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt", "requirements-build.txt", "requirements-node.txt")


@cache
def tracked() -> tuple[Path, ...]:
    git = shutil.which("git")
    if git is not None and (ROOT / ".git").exists():
        command = [git, "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        names = [name for name in listed.split("\0") if name]
    else:
        names = [str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if p.is_file() and ".venv" not in p.parts]
    return tuple(ROOT / name for name in names if (ROOT / name).is_file())


def texts() -> list[tuple[str, str]]:
    found = []
    for path in tracked():
        try:
            found.append((path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


@pytest.mark.parametrize("pattern", [REGISTRY, MACHINE], ids=["registry hosts", "paths of one machine"])
def test_tracked_files_fit_every_machine(pattern: re.Pattern[str]) -> None:
    wrong = [
        f"{name}:{number} {line.strip()[:80]}"
        for name, text in texts()
        if name != THIS_FILE
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
    assert not wrong, "\n".join(wrong)


def test_such_a_path_would_be_found() -> None:
    assert MACHINE.search('open("/root/data")')
    assert MACHINE.search("see /home/anna/x")
    assert not MACHINE.search("var/root/x")
    assert not MACHINE.search("https://example.org/work/x")


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_requirements_are_pinned_and_hashed(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    entries = [entry for entry in re.split(r"\n(?=[a-zA-Z])", text.strip()) if entry]
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+==\S+", entry), entry.splitlines()[0]
        assert "--hash=sha256:" in entry, entry.splitlines()[0]
        assert not re.search(r"--(index|extra-index|find-links|trusted)", entry)


def test_requirement_files_agree() -> None:
    dev = pins("requirements-dev.txt")
    for name in ("requirements.txt", "requirements-build.txt"):
        for package, pin in pins(name).items():
            assert dev.get(package) == pin, f"{package} in {name}"


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    runtime, dev = pins("requirements.txt"), pins("requirements-dev.txt")
    for requirement in project["project"]["dependencies"]:
        assert package_of(requirement) in runtime
    for group in ("dev", "build"):
        for requirement in project["dependency-groups"][group]:
            assert package_of(requirement) in dev


def package_of(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name is not None
    return re.sub(r"[._-]+", "-", name[0]).lower()


def pins(name: str) -> dict[str, set[str]]:
    """Package to its versions (one for each marker) with their hashes."""
    found: dict[str, set[str]] = {}
    for entry in re.split(r"\n(?=[a-zA-Z])", (ROOT / name).read_text(encoding="utf-8").strip()):
        head, _, rest = entry.partition(" ")
        package, _, version = head.partition("==")
        hashes = sorted(re.findall(r"sha256:[0-9a-f]+", rest))
        found.setdefault(package, set()).add(version + " " + " ".join(hashes))
    return found


def test_programs_are_executable() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_npm_lock_names_no_registry() -> None:
    lock = ROOT / "web" / "package-lock.json"
    assert '"integrity"' in lock.read_text(encoding="utf-8")
    assert '"resolved"' not in lock.read_text(encoding="utf-8")


def test_the_licence_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
