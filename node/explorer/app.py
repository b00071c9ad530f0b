"""Serving the explorer: built files from memory, with a strict policy and exact caching.

`add_explorer` is the door. Files are read once when the node starts, so no request ever touches the
disk and no path can lead out of the folder. Names under `assets/` hold a hash of their content and
are kept by browsers for ever; the pages themselves are asked for again each time.
"""

import gzip
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from node.explorer import get_static_folder

PAGES: Final = frozenset(
    {"", "twins", "blocks", "tx", "actions", "attestations", "members", "proposals", "evidence"}
    | {"contracts", "verify"}
)
"""First parts of the addresses that the app in index.html knows."""
_FOR_PROGRAMS: Final = frozenset({"v1", "metrics", "readyz"})
"""First parts of addresses below which a problem is answered even to a browser."""

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_INLINE_POLICY: Final = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""For verify.html, which carries a stricter policy with the hashes of its own parts inside."""
_SECURITY: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_COMPRESS_FROM_BYTES: Final = 1024

_NOT_BUILT: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Veritwin: the explorer is not built</title></head>
<body>
<h1>The explorer is not built</h1>
<p>This node runs and its API answers under <a href="/v1/status">/v1/status</a>, but the explorer's
files are missing. They are part of the wheel; in a checkout they are built with:</p>
<pre>make explorer</pre>
<p>or, with Node.js 20.19 or later:</p>
<pre>cd node/explorer/web
npm ci
npm run build</pre>
<p>Then start the node again.</p>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class _File:
    """One built file, ready to send."""

    data: bytes
    compressed: bytes | None
    etag: str
    headers: dict[str, str]


def add_explorer(app: web.Application, folder: Path | None = None) -> None:
    """Add the explorer's routes to a node's HTTP application, after its API routes.

    A browser that asks for what is not there gets the page that says so, with status 404.

    Args: folder: the built files; the ones beside this module by default.
    """
    files = _load(folder or get_static_folder())

    async def get(request: web.Request) -> web.Response:
        return _answer(request, files)

    async def redirect(request: web.Request) -> web.Response:
        raise web.HTTPPermanentRedirect(_strip_prefix(request))

    app.router.add_get("/", get)
    app.router.add_get("/explorer", redirect)
    app.router.add_get("/explorer/{tail:.*}", redirect)
    for page in sorted(PAGES - {""}):
        app.router.add_get(f"/{page}", get)
        app.router.add_get(f"/{page}/{{tail:.*}}", get)
    for name in ("verify.html", "favicon.svg", "licences.txt"):
        app.router.add_get(f"/{name}", get)
    app.router.add_get("/assets/{tail:.*}", get)

    @web.middleware
    async def show_not_found(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPNotFound:
            if not files or not _is_visit(request):
                raise
            response = _send(request, files["/index.html"], status=404)
            response.headers["Vary"] = "Accept, Accept-Encoding"
            return response

    app.middlewares.append(show_not_found)


def _is_visit(request: web.Request) -> bool:
    """Whether a person with a browser asks, who is helped by a page and not by JSON."""
    first = request.path.lstrip("/").partition("/")[0]
    accepted = request.headers.get("Accept", "")
    is_reading = request.method in ("GET", "HEAD")
    return is_reading and "text/html" in accepted and first not in _FOR_PROGRAMS


def _strip_prefix(request: web.Request) -> str:
    """Give the address without /explorer; one slash only, so that it stays on this node."""
    tail: str = request.match_info.get("tail", "")
    path = "/" + tail.lstrip("/\\")
    return f"{path}?{request.query_string}" if request.query_string else path


def _load(folder: Path) -> dict[str, _File]:
    if not (folder / "index.html").is_file():
        return {}
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {f"/{path.relative_to(folder).as_posix()}": _read(path, folder) for path in paths}


def _read(path: Path, folder: Path) -> _File:
    data = path.read_bytes()
    is_asset = path.relative_to(folder).parts[0] == "assets"
    is_inline = path.name == "verify.html"
    compressed = None
    if len(data) >= _COMPRESS_FROM_BYTES:
        compressed = gzip.compress(data, compresslevel=9, mtime=0)
    return _File(
        data=data,
        compressed=compressed,
        etag=f'W/"{sha256(data).hexdigest()[:32]}"',
        headers={
            **_SECURITY,
            "Content-Type": _TYPES.get(path.suffix, "application/octet-stream"),
            "Content-Security-Policy": _INLINE_POLICY if is_inline else _POLICY,
            "Cache-Control": _FOR_EVER if is_asset else "no-cache",
            "Vary": "Accept-Encoding",
        },
    )


def _answer(request: web.Request, files: dict[str, _File]) -> web.Response:
    if not files:
        return _explain_missing()
    file = files.get(request.path)
    if file is None:
        if request.path.split("/")[1] not in PAGES:
            raise web.HTTPNotFound
        file = files["/index.html"]
    if request.headers.get("If-None-Match") == file.etag:
        return web.Response(status=304, headers={**file.headers, "ETag": file.etag})
    response = _send(request, file)
    response.headers["ETag"] = file.etag
    return response


def _send(request: web.Request, file: _File, status: int = 200) -> web.Response:
    headers = dict(file.headers)
    if file.compressed is None or "gzip" not in request.headers.get("Accept-Encoding", ""):
        return web.Response(status=status, body=file.data, headers=headers)
    headers["Content-Encoding"] = "gzip"
    return web.Response(status=status, body=file.compressed, headers=headers)


def _explain_missing() -> web.Response:
    headers = {
        **_SECURITY,
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Cache-Control": "no-store",
    }
    return web.Response(status=503, body=_NOT_BUILT.encode(), headers=headers)
