"""Redis servers that a test can freeze, kill and fill, and a proxy that delays replies."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from flask import Flask
from redis import Redis, RedisError

from storefront import redis_roles
from storefront.redis_roles import embedded
from tests.processes import eventually, free_port


class Server:
    """A redis-server on its own port, which can be killed and started again on the same port."""

    def __init__(
        self, folder: Path, *options: str, password: str | None = None, cluster: bool = False
    ) -> None:
        self.port = _cluster_port() if cluster else free_port()
        self.folder = folder / str(self.port)
        self.folder.mkdir()
        self.options = [*options, *(["--cluster-enabled", "yes"] if cluster else [])]
        self.client: Redis = Redis(port=self.port, password=password, decode_responses=True)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self, *, wait: bool = True) -> Server:
        command = [embedded.find_program(), *self.options, "--port", str(self.port), "--bind", "127.0.0.1"]
        log = (self.folder / "log").open("ab")
        with log:
            self.process = subprocess.Popen(
                [*command, "--save", "", "--dir", str(self.folder)], stdout=log, stderr=log
            )
        if wait:
            assert eventually(self.answers), (self.folder / "log").read_text()
        return self

    def answers(self) -> bool:
        with suppress(RedisError):
            return bool(self.client.ping())
        return False

    def signal(self, number: int) -> None:
        assert self.process
        os.kill(self.process.pid, number)

    def freeze(self) -> None:
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None


def _cluster_port() -> int:
    """Return a free port whose number plus 10,000 is free too: cluster nodes use that port among themselves."""
    while True:
        port = free_port()
        with suppress(OSError, OverflowError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port + 10_000))
            return port


@contextmanager
def server(folder: Path, *options: str, **about: Any) -> Iterator[Server]:
    """Run a server until the block ends."""
    one = Server(folder, *options, **about)
    try:
        yield one.start()
    finally:
        one.client.close()
        one.kill()


@contextmanager
def cluster(folder: Path) -> Iterator[list[Server]]:
    """Run a cluster of three nodes until the block ends."""
    with ExitStack() as stack:
        options = ["--cluster-node-timeout", "5000"]  # milliseconds for which a busy machine may stop a node
        nodes = [stack.enter_context(server(folder, *options, cluster=True)) for _ in range(3)]
        slots = [range(5461), range(5461, 10923), range(10923, 16384)]
        for node, mine in zip(nodes, slots, strict=True):
            node.client.execute_command("CLUSTER", "ADDSLOTS", *mine)
            node.client.execute_command("CLUSTER", "MEET", "127.0.0.1", nodes[0].port)
        for node in nodes:
            assert eventually(lambda node=node: _is_settled(node))
        yield nodes


def _is_settled(node: Server) -> bool:
    info = node.client.execute_command("CLUSTER INFO")
    return info["cluster_state"] == "ok" and info["cluster_known_nodes"] == "3"


@contextmanager
def sentinel(folder: Path) -> Iterator[str]:
    """Run a server and a sentinel that names it until the block ends; yield the URL."""
    with server(folder) as master:
        file = folder / "sentinel.conf"
        file.write_text("")
        with server(folder, str(file), "--sentinel") as one:
            one.client.sentinel_monitor("shop", "127.0.0.1", master.port, 1)
            yield f"redis+sentinel://127.0.0.1:{one.port}/shop/0"


class Proxy:
    """Passes bytes between clients and a server (its port, or the path of its socket); `hold` holds replies back."""

    def __init__(self, port: int | str) -> None:
        self.connections = 0
        self.hold = threading.Event()
        self.hold.set()
        self._upstream = port
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def lead_to(self, port: int) -> None:
        """Let new connections go to another server, as an address does after a failover."""
        self._upstream = port

    def close(self) -> None:
        self.hold.set()
        for one in [self._listener, *self._sockets]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                try:
                    upstream = _connect(self._upstream)
                except OSError:
                    client.close()
                    continue
                self._sockets += [client, upstream]
                for source, sink in ((client, upstream), (upstream, client)):
                    pair: Any = (source, sink, source is upstream)
                    threading.Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if answers:
                    self.hold.wait()
                sink.sendall(data)
        for one in (sink, source):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def _connect(place: int | str) -> socket.socket:
    if isinstance(place, int):
        return socket.create_connection(("127.0.0.1", place))
    found = socket.socket(socket.AF_UNIX)
    found.connect(place)
    return found


@contextmanager
def proxy(port: int) -> Iterator[Proxy]:
    """Run a proxy in front of this port until the block ends."""
    one = Proxy(port)
    try:
        yield one
    finally:
        one.close()


def shop(instance: Path, url: str, **config: str) -> Flask:
    """An app with nothing but its Redis roles."""
    app = Flask("shop", instance_path=str(instance))
    app.config.update({"REDIS_URL": url, **config})
    redis_roles.init_app(app)
    return app
