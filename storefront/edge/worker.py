"""gunicorn's gevent worker with the fast path, and with bounds for slow clients.

Cached pages are answered from the bytes that were read.

gunicorn's own steps for a request cost more than all of the shop's for a cached page. So this worker looks at each
head first (`plain_head.py`). It only answers requests with one plain meaning: a GET of HTTP/1.1
without a body, with no header twice and none that frames or upgrades. All other bytes go to gunicorn unchanged.
docs/decisions/0012-cached-pages-before-the-server.md says why.

A head must arrive within gunicorn's `keepalive`; bodies have the deadline of `BodyReader`; each client has a bounded
number of connections (`ConnectionLimits`). Streams have left the worker by then (`live/socket_takeover.py`).
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, ClassVar

from flask import Flask
from gevent import getcurrent, monkey
from gevent.server import StreamServer
from gunicorn.http import parser
from gunicorn.http.errors import InvalidRequestLine
from gunicorn.http.message import Request
from gunicorn.http.parser import RequestParser
from gunicorn.workers import ggevent

from storefront import rate_limiting
from storefront.edge.body_reader import BodyReader, discard, is_unwanted
from storefront.edge.connections import REFUSAL, ConnectionLimits
from storefront.edge.fast_path import FastPath, fast_path
from storefront.edge.keep_alive import KeepAliveTimeout
from storefront.edge.plain_head import read_plain_head
from storefront.edge.waiting_connection import WaitingConnection

_Socket: Any = monkey.get_original("socket", "socket")
_KEEP_ALIVE = "keep-alive"
# A request with one of these headers may have a body, or may change its connection.
_NOT_PLAIN = frozenset(
    ("CONTENT-LENGTH", "EXPECT", "HTTP2-SETTINGS", "TRAILER", "TRANSFER-ENCODING", "UPGRADE")
)
_MAX_NAMES = 1000  # header names whose form is remembered
_KEEP_ALIVE_TIMEOUT = "_storefront_waiting"  # attribute of a connection's greenlet


class _Server(StreamServer):  # type: ignore[misc]  # gevent is not typed
    """gevent's server; when the worker stops, it accepts the connections that wait before it closes the listener.

    Closing a listener resets connections that wait in its queue. A client that sent a form on one cannot know whether
    it was read, and must not send it again.
    """

    limits: ClassVar[ConnectionLimits | None] = None

    def do_handle(self, client: Any, address: Any) -> None:
        """Serve a new connection, or refuse it if its client has too many."""
        if self.limits is None or self.limits.acquire(address):
            super().do_handle(client, address)  # `Worker.handle` gives the place back
            return
        with suppress(OSError):
            client.setblocking(0)
            client.send(REFUSAL)
        client.close()

    def close(self) -> None:
        """Accept waiting connections, then stop listening. The kernel refuses later ones, which may try elsewhere."""
        if "socket" in self.__dict__:
            self.stop_accepting()
            # Python's socket closes at once; gevent's closes after steps in which clients could still connect.
            self.socket: Any = _Socket(fileno=self.socket.detach())
            self.socket.settimeout(0)
            with suppress(OSError):
                while not self.full() and (waiting := self.do_read()):
                    self.do_handle(*waiting)
            self.socket.close()
        super().close()


class Worker(ggevent.GeventWorker):  # type: ignore[misc]  # gunicorn is not typed
    """gunicorn's worker; `fast_path` is set if the shop has one and gunicorn's settings allow it."""

    fast_path: FastPath | None = None
    wants_plain_target = False

    def load_wsgi(self) -> None:
        """Load the shop, bound its clients, and use its fast path."""
        super().load_wsgi()
        ggevent.StreamServer = _Server
        cfg = self.cfg
        if isinstance(self.wsgi, Flask):
            self._bound_clients(self.wsgi)
        if cfg.is_ssl or not cfg.keepalive or cfg.proxy_protocol != "off" or cfg.protocol != "http":
            return
        self.fast_path = fast_path.find(self.wsgi) if isinstance(self.wsgi, Flask) else None

    def _bound_clients(self, app: Flask) -> None:
        _Request.worker = self
        _Request.scheme_headers = [
            ("HTTP_" + header.replace("-", "_"), secure)
            for header, secure in self.cfg.secure_scheme_headers.items()
        ]
        self.wants_plain_target = app.config["ENV"] == "production"
        RequestParser.mesg_class = _Request
        parser.SocketUnreader = BodyReader
        BodyReader.seconds = app.config["BODY_TIMEOUT"]
        # Behind proxies all connections are theirs, and they bound their clients.
        if not app.config["TRUSTED_PROXIES"]:
            _Server.limits = ConnectionLimits(
                self.worker_connections,
                app.config["CONNECTIONS_PER_ADDRESS"],
                lambda host: rate_limiting.read_address(app, host),
            )

    def handle(self, _listener: Any, client: Any, addr: Any) -> None:
        """Answer a connection. gunicorn asks the listener for its address; the client knows it too, for longer."""
        try:
            super().handle(client, client, addr)
        finally:
            if _Server.limits is not None:
                _Server.limits.release(addr)

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> None:
        """Answer a request. If it leaves its body (`leaves_body`), the connection closes after the answer."""
        try:
            super().handle_request(listener_name, req, sock, addr)
        finally:
            if isinstance(req, _Request):
                is_body_left = req.leaves_body()
                req.unreader.end_body()
                if is_body_left:
                    discard(sock)

    def timeout_ctx(self) -> KeepAliveTimeout:
        """Return the keep-alive time-out of a connection; it restarts after each answer of the fast path."""
        timeout = KeepAliveTimeout(self.cfg.keepalive)
        setattr(getcurrent(), _KEEP_ALIVE_TIMEOUT, timeout)
        return timeout

    def answer(self, environ: dict[str, Any]) -> bytes | None:
        """Return the fast path's answer and count the request; None if it has none or the connection must close."""
        if self.fast_path is None or not self.alive or self.nr + 1 >= self.max_requests:
            return None
        answer = self.fast_path.answer(environ)
        self.nr += answer is not None
        return answer


class _Request(Request):  # type: ignore[misc]
    """gunicorn's request. It is created at the beginning of a request: all earlier bytes were read."""

    worker: ClassVar[Worker]
    # Names in the WSGI environment, and the value for TLS.
    scheme_headers: ClassVar[list[tuple[str, str]]] = []
    _names: ClassVar[dict[bytes, str | None]] = {}

    def parse(self, unreader: Any) -> Any:
        """Answer requests for cached pages until another request comes, then parse that as gunicorn does."""
        if self.worker.fast_path is None:
            return super().parse(unreader)
        timeout: KeepAliveTimeout = getattr(getcurrent(), _KEEP_ALIVE_TIMEOUT)
        connection = WaitingConnection(unreader.sock, unreader.mxchunk, self._answer, timeout)
        data = connection.receive_other(unreader.read())
        if not data:
            raise StopIteration
        unreader.unread(data)
        return super().parse(unreader)

    def set_body_reader(self) -> None:
        """Let the body arrive under its deadline; "100 Continue" waits until it is read."""
        if self.worker.wants_plain_target:
            self._check_target()
        super().set_body_reader()
        self.unreader.begin_body(expects_continue=self._expected_100_continue)
        self._expected_100_continue: bool = False

    def _check_target(self) -> None:
        """Refuse a request without Host, and one whose target is not a path.

        Such requests come from proxies that look for an open door. The shop would answer under the name of its
        socket, or under a name other than Host (RFC 9112, 3.2 and 3.2.2).
        """
        if not self.uri.startswith("/") or not any(name == "HOST" for name, _value in self.headers):
            raise InvalidRequestLine("a request needs a Host and a path")

    def should_close(self) -> bool:
        """Return whether the connection closes after this request."""
        return bool(super().should_close()) or self.leaves_body()

    def leaves_body(self) -> bool:
        """Return whether much of the body is unread, or nobody knows whether it comes.

        A client that waits for "100 Continue" and gets an answer instead may send the body or its next request. On a
        connection that stays open, one would be taken for the other.
        """
        return self.body is not None and (self.unreader.is_awaited or is_unwanted(self.body))

    def _answer(self, data: bytes) -> bytes | None:
        if not (data.startswith(b"GET /") and data.endswith(b"\r\n\r\n")):
            return None
        environ = self._environ(data)
        return self.worker.answer(environ) if environ else None

    def _environ(self, data: bytes) -> dict[str, Any] | None:
        """Return the part of the WSGI environment that a cached page depends on; None if the request is not plain."""
        head = read_plain_head(data, self)
        if head is None or not head.target.isascii() or b"%" in head.target:
            return None
        target = head.target
        path, _, query = target.decode().partition("?")
        client = self.peer_addr
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "wsgi.url_scheme": "http",
            "REMOTE_ADDR": client[0] if isinstance(client, tuple) else client,
        }
        for raw, value in head.headers:
            name = self._environ_name(raw)
            if name is None or name in environ:
                return None
            environ[name] = value.decode("latin-1")
        if environ.get("HTTP_CONNECTION", _KEEP_ALIVE).lower() != _KEEP_ALIVE or "HTTP_HOST" not in environ:
            return None
        return environ if self._set_scheme(environ) else None

    def _environ_name(self, raw: bytes) -> str | None:
        """Return a header's name in the WSGI environment; None if a request with it is not plain."""
        if raw in self._names:
            return self._names[raw]
        name = raw.decode("latin-1").upper()
        plain = name.isascii() and name not in _NOT_PLAIN and "_" not in name
        found = "HTTP_" + name.replace("-", "_") if plain else None
        if len(self._names) < _MAX_NAMES:
            self._names[raw] = found
        return found

    def _set_scheme(self, environ: dict[str, Any]) -> bool:
        """Set the scheme from a proxy that gunicorn trusts; return whether its headers have one meaning."""
        claims = [(environ[name], secure) for name, secure in self.scheme_headers if name in environ]
        if claims and self._peer_is_trusted_proxy():
            if len(claims) > 1:
                return False
            environ["wsgi.url_scheme"] = "https" if claims[0][0] == claims[0][1] else "http"
        return True
