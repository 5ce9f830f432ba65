"""Makes a checkout ready to run: virtual environment, hashed requirements, the map, the package.

``python3 bootstrap.py runtime`` is what ``make demo`` needs, ``dev`` what ``make test`` and ``make check``
need; ``map SCRIPT`` runs a script of the map's own. It runs on a bare Python 3.11 with the standard library
alone, does the Python and the Node half at the same time, and does nothing at all when nothing has changed:
what was done is kept as a hash in the environment. Nothing is installed whose hash is not in this repository.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import hatch_build

ROOT = Path(__file__).resolve().parent
VENV = Path(os.environ.get("VENV", ROOT / ".venv")).absolute()
PYTHON = VENV / "bin" / "python"
FILES = {
    "runtime": ("requirements.txt", "requirements-build.txt"),
    "dev": ("requirements-dev.txt",),
}
NO_VENV = """\
This Python cannot make virtual environments with pip in them. On Debian and Ubuntu:

    sudo apt install python3-venv

and then the same command again."""


class Failed(Exception):
    """A step did not work; the text is for the person who called make."""


def run(*command: str | Path) -> None:
    done = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"{' '.join(str(part) for part in command)}\n{done.stdout}{done.stderr}")


def wanted(level: str) -> str:
    """What the environment should hold, as a hash."""
    whole = hashlib.sha256(f"{sys.version} {VENV} {ROOT}\n".encode())
    for name in ("pyproject.toml", "hatch_build.py", *FILES[level]):
        whole.update((ROOT / name).read_bytes())
    return whole.hexdigest()


def stamp(level: str) -> Path:
    return VENV / f".comity-{level}"


def ready(level: str) -> bool:
    """A complete development environment also runs; the reverse is not so."""
    levels = ("runtime", "dev") if level == "runtime" else ("dev",)
    return any(stamp(x).exists() and stamp(x).read_text() == wanted(x) for x in levels)


def has_pip(python: str | Path) -> bool:
    """A pip that can install for another interpreter (``--python``, since 22.3)."""
    asked = [python, "-m", "pip", "--version"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    version = re.match(r"pip (\d+)\.(\d+)", done.stdout)
    return done.returncode == 0 and version is not None and (int(version[1]), int(version[2])) >= (22, 3)


def make_environment() -> None:
    """Without a pip of its own where this Python has one: copying it in is most of the time it takes."""
    if PYTHON.exists() and subprocess.run([PYTHON, "-c", ""], check=False).returncode == 0:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    bare = ["--without-pip"] if has_pip(sys.executable) else []
    done = subprocess.run([sys.executable, "-m", "venv", *bare, VENV], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(NO_VENV if "ensurepip" in done.stdout + done.stderr else done.stdout + done.stderr)


def pip(*arguments: str | Path) -> None:
    own = not has_pip(sys.executable)
    command: list[str | Path] = (
        [PYTHON, "-m", "pip"] if own else [sys.executable, "-m", "pip", "--python", PYTHON]
    )
    run(*command, "install", "--quiet", "--disable-pip-version-check", "--no-input", *arguments)


def install(level: str) -> None:
    """Everything pinned and hashed, so that pip resolves nothing; then this package, in place."""
    files = [argument for name in FILES[level] for argument in ("-r", name)]
    pip("--require-hashes", "--no-deps", "--no-compile", *files)


def node_packages() -> Path | None:
    """Node from PyPI (hashed too), installed beside the environment where there is none on the PATH."""
    if hatch_build.node_on_path() is not None:
        return None
    packages = VENV / "node"
    if not packages.exists():
        pip("--require-hashes", "--no-deps", "--target", packages, "-r", "requirements-node.txt")
    return packages


def build_map() -> None:
    hatch_build.build(ROOT, node_packages=node_packages())


def run_in_map(script: str) -> None:
    """A script of the map's own, such as its type check or its tests."""
    steps: list[tuple[str, ...]] = [("run", script)]
    if not (ROOT / "web" / "node_modules").exists():
        steps.insert(0, hatch_build.INSTALL)
    hatch_build.npm(ROOT, *steps, node_packages=node_packages())


def step(name: str, work: Callable[[], None], failures: list[BaseException]) -> None:
    started = time.monotonic()
    say(f"{name} ...")
    try:
        work()
    except (Failed, SystemExit, OSError) as failure:
        failures.append(failure)
        say(f"{name}: failed")
    else:
        say(f"{name}: done in {time.monotonic() - started:.1f} s")


def say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def bootstrap(level: str) -> None:
    environment, bundle = not ready(level), hatch_build.outdated(ROOT)
    if not environment and not bundle:
        return
    if sys.version_info < (3, 11):  # noqa: UP036  # whoever runs this may have an older one
        raise Failed(f"Comity needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}")
    print("Getting ready (only the first time):", file=sys.stderr, flush=True)
    failures: list[BaseException] = []
    step("virtual environment", make_environment, failures)
    halves = []
    if environment and not failures:
        name = "Python packages, by hash"
        halves.append(threading.Thread(target=step, args=(name, lambda: install(level), failures)))
    if bundle and not failures:
        halves.append(threading.Thread(target=step, args=("map", build_map, failures)))
    for half in halves:
        half.start()
    for half in halves:
        half.join()
    if environment and not failures:
        step("comity itself", lambda: pip("--no-deps", "--no-build-isolation", "--editable", ROOT), failures)
    if failures:
        raise Failed("\n".join(str(failure) for failure in failures))
    if environment:
        stamp(level).write_text(wanted(level))


def main() -> int:
    words = sys.argv[1:]
    if len(words) == 1 and words[0] in FILES:
        work = partial(bootstrap, words[0])
    elif len(words) == 2 and words[0] == "map":
        work = partial(run_in_map, words[1])
    else:
        print(f"usage: bootstrap.py {'|'.join(FILES)} | map SCRIPT", file=sys.stderr)
        return 2
    try:
        work()
    except (Failed, SystemExit) as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
