"""A small internet on this machine: host names and public addresses, stubbed where Python calls the system."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

PUBLIC = "93.184.215.14"
ALSO_PUBLIC = "2606:4700::1111"


class Internet:
    """Answers name look-ups from a table and leads public addresses to servers on this machine.

    Attributes:
        names: the addresses of each host name, one list for each look-up in turn; the last is repeated.
        servers: the public addresses that lead to this machine, at the same port.
        lookups: the names that were looked up.
        connections: the addresses that were connected to.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names: dict[str, list[list[str]]] = {}
        self.servers: set[str] = {PUBLIC}
        self.lookups: list[str] = []
        self.connections: list[str] = []
        self._look_up, self._connect = socket.getaddrinfo, socket.create_connection
        monkeypatch.setattr(socket, "getaddrinfo", self.look_up)
        monkeypatch.setattr(socket, "create_connection", self.connect)

    def look_up(self, host: Any, port: Any, *how: Any, **more: Any) -> Any:
        """Stand in for `socket.getaddrinfo`."""
        if host not in self.names:
            more["flags"] = more.get("flags", 0) | (0 if host == "localhost" else socket.AI_NUMERICHOST)
            return self._look_up(host, port, *how, **more)
        self.lookups.append(host)
        answers = self.names[host]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [info for text in found for info in self._look_up(text, port, *how, **more)]

    def connect(self, address: tuple[Any, ...], *how: Any, **more: Any) -> socket.socket:
        """Stand in for `socket.create_connection`; addresses that lead nowhere refuse the connection."""
        self.connections.append(address[0])
        if address[0] in self.servers:
            return self._connect(("127.0.0.1", address[1]), *how, **more)
        if address[0] in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
            return self._connect(address, *how, **more)
        raise ConnectionRefusedError(f"nothing answers at {address[0]}")


class WebServer(ThreadingHTTPServer):
    """Answers GET and POST with 200, a path below `/to/` with a redirect to `location`.

    Attributes:
        requests: method, path and Host header of each request.
        server_names: the names that clients asked for in TLS (SNI).
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.location = ""
        self.requests: list[tuple[str, str, str]] = []
        self.server_names: list[str | None] = []

    def use_tls(self, certificate: str, key: str) -> None:
        """Answer over TLS with this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.sni_callback = lambda _socket, name, _context: self.server_names.append(name)
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def handle_error(self, *_: Any) -> None:
        """Print nothing: some tests break the connection."""


class _Handler(BaseHTTPRequestHandler):
    server: WebServer

    def do_GET(self) -> None:
        self.server.requests.append((self.command, self.path, self.headers["Host"]))
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.send_response(302 if self.path.startswith("/to/") else 200)
        self.send_header("Location", self.server.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[None]:
    """Run a server in a thread."""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
