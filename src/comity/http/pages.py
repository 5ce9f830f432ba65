"""Files of the web pages: the map from ``static/`` (built, not in the repository) and the reader of the API
document from ``docs/``. Read from disk when first asked for, and again when they change.

Everything comes from this server; the content security policy lets a page load nothing from elsewhere and
run no text as code. Names under ``assets/`` carry a hash of their content, so browsers may keep them.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Final

import msgspec

from comity.errors import NotFound
from comity.http.answers import Answer, Headers

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"
DOCS: Final = HERE / "docs"

POLICY: Final = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    b"font-src 'self'; connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""No 'unsafe-inline', no 'unsafe-eval'. MapLibre starts its workers from blobs and draws images from them."""

_TYPES: Final = {
    ".html": b"text/html; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".mjs": b"text/javascript; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".json": b"application/json",
    ".geojson": b"application/geo+json",
    ".svg": b"image/svg+xml",
    ".png": b"image/png",
    ".webp": b"image/webp",
    ".ico": b"image/x-icon",
    ".woff": b"font/woff",
    ".woff2": b"font/woff2",
    ".wasm": b"application/wasm",
    ".pbf": b"application/x-protobuf",
    ".bin": b"application/octet-stream",
    ".txt": b"text/plain; charset=utf-8",
}
"""A file of any other kind is not served."""

_SHRINKS: Final = frozenset({".html", ".js", ".mjs", ".css", ".json", ".geojson", ".svg", ".bin", ".txt"})
_WORTH_SHRINKING_BYTES: Final = 1_024

_UNBUILT: Final = (
    b"<!doctype html><html lang=en><meta charset=utf-8><title>Comity</title>"
    b"<h1>The map is not built</h1><p>Run <code>make web</code> in the checkout, or install the wheel. "
    b'The API is described at <a href="/v1/docs">/v1/docs</a>.</p></html>'
)


class _File(msgspec.Struct, frozen=True):
    stamp: tuple[int, int]
    body: bytes
    shrunk: bytes | None


class Pages:
    """Serves files below one directory, and nothing that is not a plain file in it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory.resolve()
        self._files: dict[Path, _File] = {}

    def serve(self, name: str, *, gzipped: bool, keep: bool = False) -> Answer:
        """A file's answer. ``keep``: its name changes with its content. Raises ``NotFound``."""
        try:
            path = (self._directory / name).resolve()
            content_type = _TYPES.get(path.suffix)
            if content_type is None or not path.is_relative_to(self._directory):
                raise NotFound("there is nothing at this path")
            file = self._read(path)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the name
            raise NotFound("there is nothing at this path") from error
        headers: Headers = (
            (b"content-security-policy", POLICY),
            (b"cache-control", b"public, max-age=31536000, immutable" if keep else b"no-cache"),
            (b"vary", b"accept-encoding"),
        )
        if gzipped and file.shrunk is not None:
            return Answer(200, file.shrunk, content_type, (*headers, (b"content-encoding", b"gzip")))
        return Answer(200, file.body, content_type, headers)

    def index(self, *, gzipped: bool) -> Answer:
        """The map's page, or one that says how to build it."""
        try:
            return self.serve("index.html", gzipped=gzipped)
        except NotFound:
            headers: Headers = ((b"content-security-policy", POLICY), (b"cache-control", b"no-cache"))
            return Answer(200, _UNBUILT, _TYPES[".html"], headers)

    def _read(self, path: Path) -> _File:
        stat = path.stat()
        stamp = (stat.st_mtime_ns, stat.st_size)
        known = self._files.get(path)
        if known is not None and known.stamp == stamp:
            return known
        body = path.read_bytes()
        shrinks = path.suffix in _SHRINKS and len(body) >= _WORTH_SHRINKING_BYTES
        file = _File(stamp, body, gzip.compress(body, 6, mtime=0) if shrinks else None)
        self._files[path] = file
        return file
