"""Serving the built files: policy, caching, fallback, and what stands there before the build."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from node.explorer.app import add_explorer

Client = TestClient[web.Request, web.Application]
SCRIPT = b"console.log(1);\n" * 200


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as the build leaves it."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Veritwin</title>")
    (tmp_path / "verify.html").write_text("<!doctype html><title>Verify</title>")
    (tmp_path / "favicon.svg").write_text("<svg/>")
    (tmp_path / "assets" / "index-abc.js").write_bytes(SCRIPT)
    return tmp_path


@pytest.fixture
async def client(folder: Path) -> AsyncIterator[Client]:
    """A client of a server with one API route and the explorer."""

    async def status(request: web.Request) -> web.Response:
        return web.json_response({"height": 7})

    app = web.Application()
    app.router.add_get("/v1/status", status)
    add_explorer(app, folder)
    async with TestClient(TestServer(app)) as made:
        yield made


@pytest.mark.parametrize("path", ["/", "/twins", "/twins/R80790", "/tx/ab?x=1", "/verify"])
async def test_pages_of_the_app_are_index_html(client: Client, path: str) -> None:
    answer = await client.get(path)
    assert answer.status == 200
    assert "<title>Veritwin</title>" in await answer.text()
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-cache"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/nothing", "/v1/nothing", "/assets/none.js", "/assets/../index.html%00", "/twinsx"]
)
async def test_other_addresses_are_not_found(client: Client, path: str) -> None:
    assert (await client.get(path)).status == 404


BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize("path", ["/nothing", "/assets/none.js", "/twinsx"])
async def test_a_visitor_gets_a_page_that_says_so(client: Client, path: str) -> None:
    answer = await client.get(path, headers=BROWSER)
    assert answer.status == 404
    assert "<title>Veritwin</title>" in await answer.text()
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Vary"] == "Accept, Accept-Encoding"
    assert (await client.head(path, headers=BROWSER)).headers["Content-Type"].startswith("text/")
    assert "ETag" not in answer.headers, "a page that is not there is never the same as before"


@pytest.mark.parametrize("path", ["/v1/nothing", "/metrics", "/v1"])
async def test_below_the_api_a_visitor_gets_what_programs_get(client: Client, path: str) -> None:
    answer = await client.get(path, headers=BROWSER)
    assert answer.status == 404
    assert "Veritwin" not in await answer.text()


async def test_what_is_no_address_at_all_is_not_found(client: Client) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write(b"OPTIONS * HTTP/1.1\r\nHost: node\r\nAccept: text/html\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 404 ")
    writer.close()


async def test_what_is_posted_nowhere_is_no_visit(client: Client) -> None:
    answer = await client.post("/nothing", headers=BROWSER)
    assert answer.status == 404
    assert "Veritwin" not in await answer.text()


async def test_api_routes_stand_before_the_explorer(client: Client) -> None:
    assert await (await client.get("/v1/status")).json() == {"height": 7}


async def test_assets_are_kept_for_ever_and_compressed(client: Client) -> None:
    answer = await client.get("/assets/index-abc.js")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert await answer.read() == SCRIPT
    plain = await client.get("/assets/index-abc.js", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert await plain.read() == SCRIPT


async def test_unchanged_page_is_not_sent_again(client: Client) -> None:
    etag = (await client.get("/")).headers["ETag"]
    answer = await client.get("/twins", headers={"If-None-Match": etag})
    assert answer.status == 304
    assert await answer.read() == b""


async def test_single_file_keeps_the_policy_inside_it(client: Client) -> None:
    answer = await client.get("/verify.html")
    assert "<title>Verify</title>" in await answer.text()
    assert "script-src" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/explorer", "/"),
        ("/explorer/", "/"),
        ("/explorer/twins/R80790?at=3", "/twins/R80790?at=3"),
        ("/explorer//example.org/x", "/example.org/x"),
    ],
)
async def test_explorer_prefix_leads_to_the_page(client: Client, path: str, target: str) -> None:
    answer = await client.get(path, allow_redirects=False)
    assert answer.status == 308
    assert answer.headers["Location"] == target


async def test_missing_build_is_explained(tmp_path: Path) -> None:
    app = web.Application()
    add_explorer(app, tmp_path / "static")
    async with TestClient(TestServer(app)) as client:
        answer = await client.get("/twins")
        assert answer.status == 503
        text = await answer.text()
    assert "npm run build" in text
    assert "make explorer" in text
