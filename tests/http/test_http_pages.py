"""Pages and files: a strict policy, nothing outside their folder, the same security headers everywhere."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from comity.errors import NotFound
from comity.http.pages import DOCS, Pages
from tests.http.serving import Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served")) as one:
        yield one


def test_pages_have_a_strict_policy(served: Served) -> None:
    with served.client(None) as anyone:
        for path in ("/", "/v1/docs", "/v1/docs/docs.js"):
            answer = anyone.get(path)
            assert answer.status_code == 200
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "http" not in policy


def test_every_answer_has_the_security_headers_and_none_may_be_stored(served: Served) -> None:
    with served.client("north") as north:
        for path in ("/", "/healthy", "/v1/airspace", "/v1/nothing", "/v1/changes?limit=0"):
            headers = north.get(path).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["x-frame-options"] == "DENY"
            assert "access-control-allow-origin" not in headers
            assert "server" not in headers
            if path.startswith("/v1/"):
                assert headers["cache-control"] == "no-store"


def test_head_is_get_without_a_body(served: Served) -> None:
    with served.client("north") as north:
        get, head = north.get("/v1/whoami"), north.head("/v1/whoami")
        assert head.status_code == 200
        assert head.content == b""
        assert head.headers["content-length"] == get.headers["content-length"]


def test_the_description_page_loads_nothing_from_elsewhere() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in DOCS.iterdir())
    assert re.findall(r"""(?:src|href|url\(|fetch\()=?\s*["'(]?(?:https?:)?//""", text) == []
    assert "style=" not in text
    assert "innerHTML" not in text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "static"
    (inside / "assets").mkdir(parents=True)
    (inside / "index.html").write_text("<!doctype html>" + "x" * 2_000)
    (inside / "assets" / "map-1234.js").write_text("// map\n" * 400)
    (inside / "assets" / "notes.key").write_text("secret")
    (tmp_path / "secret.js").write_text("secret")
    return inside


@pytest.mark.parametrize(
    "name",
    [
        "../secret.js",
        "assets/../../secret.js",
        "/etc/passwd",
        "assets/notes.key",
        "assets",
        "",
        "nul\0.js",
        "x" * 5_000 + ".js",
    ],
)
def test_only_plain_files_of_known_kinds_inside_are_served(folder: Path, name: str) -> None:
    with pytest.raises(NotFound):
        Pages(folder).serve(name, gzipped=False)


def test_a_link_out_of_the_folder_is_not_followed(folder: Path) -> None:
    (folder / "assets" / "way-out.js").symlink_to(folder.parent / "secret.js")
    with pytest.raises(NotFound):
        Pages(folder).serve("assets/way-out.js", gzipped=False)


def test_files_are_shrunk_once_and_hashed_names_kept(folder: Path) -> None:
    pages = Pages(folder)
    plain = pages.serve("assets/map-1234.js", gzipped=False, keep=True)
    small = pages.serve("assets/map-1234.js", gzipped=True, keep=True)
    assert gzip.decompress(small.body) == plain.body
    assert (b"content-encoding", b"gzip") in small.headers
    assert any(b"immutable" in value for _, value in plain.headers)
    assert any(value == b"no-cache" for _, value in pages.index(gzipped=True).headers)


def test_without_a_built_map_the_page_says_how_to_build_it(tmp_path: Path) -> None:
    answer = Pages(tmp_path).index(gzipped=False)
    assert b"make web" in answer.body
