"""gunicorn's gevent worker, which answers held pages from what it has read, before it makes a request of that.

gunicorn's own steps for a request cost more than all of the shop's for a held page. So each head is first looked at
here, with the very parser that gunicorn uses. Only what has one plain meaning is answered: a GET of HTTP/1.1 with
nothing but its head, no header twice, none that frames or upgrades. Everything else goes to gunicorn as
it came, which then reads it as if this did not exist. docs/decisions/0012-cached-pages-before-the-server.md says why.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, ClassVar

import gunicorn_h1c
from flask import Flask
from gevent import Timeout, getcurrent, monkey, sleep
from gevent.server import StreamServer
from gunicorn.http.message import Request
from gunicorn.http.parser import RequestParser
from gunicorn.workers import ggevent

from storefront.edge.fast_path import FastPath, fast_path

_Socket: Any = monkey.get_original("socket", "socket")
_KEEP_ALIVE = "keep-alive"
# With one of these a request may mean more than its line says, or its connection may not stay as it is.
_NOT_PLAIN = frozenset(
    ("CONTENT-LENGTH", "EXPECT", "HTTP2-SETTINGS", "TRAILER", "TRANSFER-ENCODING", "UPGRADE")
)
_NAMES = 1000  # header names that are remembered
_WAITING = "_storefront_waiting"  # on a connection's greenlet: the time-out of its next request


class _Server(StreamServer):  # type: ignore[misc]  # gevent is not typed
    """gevent's server; a worker that leaves takes in who has connected, and only then closes the door.

    A listener that is closed resets the connections that wait in it. Whatever sent a form on one cannot know whether
    it was read, and must not send it again.
    """

    def close(self) -> None:
        """Answer who waits, then stop listening. The kernel refuses the next, which may ask elsewhere."""
        if "socket" in self.__dict__:
            self.stop_accepting()
            # Python's own socket is closed at once; gevent's, after steps in which somebody could yet connect.
            self.socket: Any = _Socket(fileno=self.socket.detach())
            self.socket.settimeout(0)
            with suppress(OSError):
                while not self.full() and (waiting := self.do_read()):
                    self.do_handle(*waiting)
            self.socket.close()
        super().close()


class Worker(ggevent.GeventWorker):  # type: ignore[misc]  # gunicorn is not typed
    """gunicorn's worker; `front` is what it asks first, if the shop and the settings allow that."""

    front: FastPath | None = None

    def load_wsgi(self) -> None:
        """Load the shop, and have its held pages answered."""
        super().load_wsgi()
        ggevent.StreamServer = _Server
        cfg = self.cfg
        if cfg.is_ssl or not cfg.keepalive or cfg.proxy_protocol != "off" or cfg.protocol != "http":
            return
        self.front = fast_path.find(self.wsgi) if isinstance(self.wsgi, Flask) else None
        if self.front is not None:
            _Request.worker = self
            RequestParser.mesg_class = _Request

    def handle(self, _listener: Any, client: Any, addr: Any) -> None:
        """Answer a connection. gunicorn asks the listener for its address; the client has it too, and longer."""
        super().handle(client, client, addr)

    def timeout_ctx(self) -> _Waiting:
        """Return the time-out of a connection's next request, which begins anew after each that is answered here."""
        waiting = _Waiting(self.cfg.keepalive)
        setattr(getcurrent(), _WAITING, waiting)
        return waiting

    def answer(self, environ: dict[str, Any]) -> bytes | None:
        """Count a request and return its answer, if that is held and the connection may stay open after it."""
        if self.front is None or not self.alive or self.nr + 1 >= self.max_requests:
            return None
        answer = self.front.answer(environ)
        self.nr += answer is not None
        return answer


class _Waiting:
    """A time-out that can be interrupted; past it the block ends. (gevent's own goes on where it was stopped.)"""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def begin(self) -> None:
        self._timer = Timeout.start_new(self._seconds, False)

    def end(self) -> None:
        self._timer.close()

    def __enter__(self) -> None:
        self.begin()

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        self.end()
        return error is self._timer


class _Request(Request):  # type: ignore[misc]
    """gunicorn's request. It is made at the beginning of one: whatever came before has been read."""

    worker: ClassVar[Worker]
    _names: ClassVar[dict[bytes, str | None]] = {}

    def parse(self, unreader: Any) -> Any:
        """Answer what is held for as long as nothing else comes, then go on as gunicorn does."""
        data = unreader.read()
        while data and (answer := self._answer(data)) is not None:
            waiting: _Waiting = getattr(getcurrent(), _WAITING)
            waiting.end()  # who reads slowly has the time that gunicorn gives
            unreader.sock.sendall(answer)
            sleep(0)  # or a worker that never waits would starve its other connections
            waiting.begin()
            data = unreader.read()
        if not data:
            raise StopIteration
        unreader.unread(data)
        return super().parse(unreader)

    def _answer(self, data: bytes) -> bytes | None:
        if not (data.startswith(b"GET /") and data.endswith(b"\r\n\r\n")):
            return None
        environ = self._environ(data)
        return self.worker.answer(environ) if environ else None

    def _environ(self, data: bytes) -> dict[str, Any] | None:
        """Return what the head says, as far as a held page's answer can depend on it; None if it is not plain."""
        try:
            head = gunicorn_h1c.parse_request(
                data,
                limit_request_line=self._fast_limit_request_line,
                limit_request_fields=self.limit_request_fields,
                limit_request_field_size=self.limit_request_field_size,
            )
        except (gunicorn_h1c.ParseError, gunicorn_h1c.IncompleteError):
            return None
        target = head["path"]
        if (
            head["consumed"] != len(data)
            or head["minor_version"] != 1
            or not target.isascii()
            or b"%" in target
        ):
            return None
        path, _, query = target.decode().partition("?")
        client = self.peer_addr
        environ = {
            "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query, "wsgi.url_scheme": "http",
            "REMOTE_ADDR": client[0] if isinstance(client, tuple) else client,
        }  # fmt: skip
        for raw, value in head["headers"]:
            name = self._name(raw)
            if name is None or name in environ:
                return None
            environ[name] = value.decode("latin-1")
        if environ.get("HTTP_CONNECTION", _KEEP_ALIVE).lower() != _KEEP_ALIVE or "HTTP_HOST" not in environ:
            return None
        return environ if self._see_scheme(environ) else None

    def _name(self, raw: bytes) -> str | None:
        """Return a header's name in the environment; None if a request with it is not plain."""
        if raw in self._names:
            return self._names[raw]
        name = raw.decode("latin-1").upper()
        plain = name.isascii() and name not in _NOT_PLAIN and "_" not in name
        found = "HTTP_" + name.replace("-", "_") if plain else None
        if len(self._names) < _NAMES:
            self._names[raw] = found
        return found

    def _see_scheme(self, environ: dict[str, Any]) -> bool:
        """Believe a proxy that gunicorn believes about TLS; return whether what it says is plain."""
        said = [
            (environ[name], secure) for header, secure in self.cfg.secure_scheme_headers.items()
            if (name := "HTTP_" + header.replace("-", "_")) in environ
        ]  # fmt: skip
        if said and self._peer_is_trusted_proxy():
            if len(said) > 1:
                return False
            environ["wsgi.url_scheme"] = "https" if said[0][0] == said[0][1] else "http"
        return True
