"""A small server that checks purges as Fastly, Cloudflare and Bunny document them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "only-for-tests-and-long-enough"
SERVICE = "Zone_1"


class Provider(ThreadingHTTPServer):
    """Answers purges, or fails in one of several ways.

    Attributes:
        fault: "", "500", "429", "hang" or "cut".
        purges: the tags of each purge that it accepted, and whether it was soft.
        requests: how many requests it got.
        wrong: what the documents of the providers do not allow.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fault = ""
        self.purges: list[tuple[list[str], bool]] = []
        self.requests = 0
        self.wrong: list[str] = []
        self.ended = threading.Event()

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def tags(self) -> list[str]:
        """Return all tags that it purged, in order."""
        return [tag for tags, _ in self.purges for tag in tags]


class _Handler(BaseHTTPRequestHandler):
    server: Provider
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.server.requests += 1
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.fault == "hang":
            self.server.ended.wait(20)
        if self.server.fault in ("hang", "cut"):
            self.close_connection = True
            return
        if self.server.fault:
            self._answer(int(self.server.fault), {}, Retry_After="7")
            return
        check = {
            f"/service/{SERVICE}/purge": self._purge_fastly,
            f"/zones/{SERVICE}/purge_cache": self._purge_cloudflare,
            f"/pullzone/{SERVICE}/purgeCache": self._purge_bunny,
        }.get(self.path)
        if check is None:
            self._answer(404, {})
        else:
            check(body)

    def _purge_fastly(self, body: dict[str, Any]) -> None:
        if self.headers["Fastly-Key"] != TOKEN:
            self._answer(401, {"msg": "Provided credentials are missing or invalid"})
            return
        keys = body["surrogate_keys"]
        self._expect(len(keys) <= 256, "more than 256 keys")
        self._expect(all(len(key) <= 1024 for key in keys), "a key of more than 1,024 bytes")
        self._accept(keys, soft=self.headers["Fastly-Soft-Purge"] == "1")
        self._answer(200, dict.fromkeys(keys, "1-2-3"))

    def _purge_cloudflare(self, body: dict[str, Any]) -> None:
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self._answer(403, {"success": False})
            return
        self._expect(len(body["tags"]) <= 100, "more than 100 operations")
        self._accept(body["tags"])
        self._answer(200, {"success": True, "errors": [], "messages": [], "result": {"id": SERVICE}})

    def _purge_bunny(self, body: dict[str, Any]) -> None:
        if self.headers["AccessKey"] != TOKEN:
            self._answer(401, {"Message": "The request authorization failed"})
            return
        self._expect(isinstance(body["CacheTag"], str), "more than one tag")
        self._accept([body["CacheTag"]])
        self._answer(204, None)

    def _expect(self, holds: bool, otherwise: str) -> None:
        if self.headers["Content-Type"] != "application/json":
            self.server.wrong.append("no JSON")
        if not holds:
            self.server.wrong.append(otherwise)

    def _accept(self, tags: list[str], *, soft: bool = False) -> None:
        self.server.purges.append((tags, soft))

    def _answer(self, status: int, body: Any, **headers: str) -> None:
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def provider() -> Iterator[Provider]:
    """Serve a provider on a free port until the block ends."""
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
