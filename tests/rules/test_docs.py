"""The documentation is true: commands exist, code compiles, links lead somewhere, records say why.

Whether the README's commands do what it says is for the tests of the commands and for `.ci/run`, which calls
one of them; here it is that none of them is about something that is no longer there.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from comity.cli.main import main
from tests.rules.source import ROOT

PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
DOCS = sorted((ROOT / "docs").rglob("*.md"))
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)


def blocks(path: Path, language: str) -> Iterator[str]:
    for found in FENCE.finditer(path.read_text(encoding="utf-8")):
        if found[1] == language:
            yield found[2]


def commands() -> Iterator[tuple[str, str]]:
    """Every line of every console block, with its page."""
    for path in PAGES + DOCS:
        for block in blocks(path, "console"):
            for line in block.replace("\\\n", " ").splitlines():
                if line.strip() and not line.startswith("#"):
                    yield str(path.relative_to(ROOT)), line.removeprefix("$ ").strip()


def make_targets() -> set[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    lines = re.findall(r"^([a-z][a-z ]*):(?!=)", text, re.M)
    return {target for line in lines for target in line.split()}


def test_the_readme_has_the_two_commands() -> None:
    lines = [line for page, line in commands() if page == "README.md"]
    assert {"make demo", "make test"} <= set(lines)


def test_make_targets_exist() -> None:
    wanted = {word for _, line in commands() if line.startswith("make") for word in line.split()[1:2]}
    assert wanted <= make_targets()
    assert {"demo", "test", "check", "bench", "web", "clean"} <= make_targets()


def test_ci_calls_the_readmes_test_command() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert "make check" in lines
    assert "make test" in lines


@pytest.mark.parametrize("path", PAGES + DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_python_blocks_compile(path: Path) -> None:
    for block in blocks(path, "python"):
        compile(block, str(path), "exec")


@pytest.mark.parametrize("path", PAGES + DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if "://" not in link:
            assert (path.parent / link).exists(), f"{path.name} links to {link}"


def test_comity_commands_and_options_exist() -> None:
    seen = 0
    for page, line in commands():
        for call in re.findall(r"comity [^|>)]*", line):
            seen += 1
            complaint = complain(shlex.split(call)[1:])
            assert complaint is None, f"{page}: {line}: {complaint}"
    assert seen >= 10


def complain(words: list[str]) -> str | None:
    """What is wrong with a call's subcommands and options; its values are not looked at."""
    command: click.Command = main
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        name = rest.pop(0)
        found = command.get_command(click.Context(command), name)
        if found is None:
            return f"no command {name}"
        command = found
    if isinstance(command, click.Group) and not command.invoke_without_command and not rest:
        return "names a group of commands alone"
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    unknown = [word for word in rest if word.startswith("--") and word.partition("=")[0] not in known]
    return f"no option {unknown[0]}" if unknown else None


def test_a_wrong_command_would_be_found() -> None:
    assert complain(["fly"]) == "no command fly"
    assert complain(["picture", "--colour"]) == "no option --colour"


def test_decisions_say_why() -> None:
    assert DECISIONS
    for path in DECISIONS:
        text = path.read_text(encoding="utf-8")
        number = path.name.partition("-")[0]
        assert re.match(rf"# {number} · \S", text), f"{path.name} starts with its number and a sentence"
        for part in ("**Context.**", "**Decision.**", "**Rejected.**"):
            assert part in text, f"{path.name} lacks {part}"


def test_decisions_have_their_own_numbers() -> None:
    numbers = [path.name.partition("-")[0] for path in DECISIONS]
    assert len(set(numbers)) == len(numbers)


def test_the_changelog_has_an_unreleased_part() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## Unreleased\n\n### (Added|Changed|Fixed|Removed)\n\n- \S", text, re.M)


def test_the_architecture_fits_a_page_and_names_every_folder() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 80
    folders = [p.name for p in (ROOT / "src" / "comity").iterdir() if (p / "__init__.py").exists()]
    missing = [name for name in folders if f"`{name}/`" not in text]
    missing += [p.stem for p in (ROOT / "src" / "comity").glob("[a-z]*.py") if p.stem not in text]
    assert not missing
