"""A client with very many open streams. It records when each stream receives a change, and its own CPU use."""

from __future__ import annotations

import json
import os
import select
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import psutil
from redis import Redis

from benchmarks import shops

CHANNEL = "stock:updates"


@dataclass
class Heard:
    """Seconds from publishing to each stream that received the event, the number that did not, and the CPU use."""

    times: list[float] = field(default_factory=list)
    lost: int = 0
    busy: float = 0.0

    def at(self, percent: float) -> float:
        """Return a percentile, in milliseconds."""
        ordered = sorted(self.times)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


class Listeners:
    """Open streams.

    Args:
        url: of the server.
        version: of HTTP; the shop serves HTTP/1.0 clients with a generator.
        buffer: bytes that the kernel buffers for an unread stream; None is the system's default.

    """

    def __init__(self, url: str, *, version: str = "1.1", buffer: int | None = None) -> None:
        address = urlsplit(url)
        self.port = address.port or 80
        self.sockets: dict[int, socket.socket] = {}
        self._version, self._buffer = version, buffer
        self._epoll = select.epoll()

    def open(self, queries: Sequence[str], *, wait: bytes | None = b"snapshot") -> None:
        """Open a stream for each query, one after the other, and wait until each has begun."""
        for query in queries:
            one = socket.socket()
            one.settimeout(30)
            if self._buffer:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._buffer)
            one.connect(("127.0.0.1", self.port))
            one.sendall(
                f"GET /stock/stream?{query} HTTP/{self._version}\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode()
            )
            said = b"" if wait else b"-"
            while wait and wait not in said:
                if not (more := one.recv(65536)):
                    raise SystemExit(f"a stream ended before it began: {said[-300:]!r}")
                said += more
            one.setblocking(False)
            self._epoll.register(one.fileno(), select.EPOLLIN)
            self.sockets[one.fileno()] = one

    def close(self, number: int | None = None) -> None:
        """Close this many streams, or all."""
        for fd in list(self.sockets)[:number]:
            self._epoll.unregister(fd)
            self.sockets.pop(fd).close()

    def hear(self, seconds: float) -> Iterator[tuple[int, bytes]]:
        """Yield what streams say until nothing has been said for so long; what has ended says b""."""
        while ready := self._epoll.poll(seconds):
            for fd, _ in ready:
                try:
                    said = self.sockets[fd].recv(65536)
                except ConnectionError:
                    said = b""
                if not said:
                    self._epoll.unregister(fd)
                    self.sockets.pop(fd).close()
                yield fd, said

    def fan_out(self, publish: Callable[[int], None], events: int, each: int, *, every: float = 0.0) -> Heard:
        """Publish events and measure when the streams receive them: one after the other, or at an interval."""
        for _ in self.hear(0.2):
            pass
        heard, began, next_at = Heard(), {}, time.perf_counter()
        started, used = time.perf_counter(), time.process_time()
        for number in range(events):
            began[number] = time.perf_counter()
            publish(number)
            next_at += every
            expected = (number + 1) * each
            deadline = time.perf_counter() + 15
            while (len(heard.times) < expected) if not every else (time.perf_counter() < next_at):
                self._note(heard, began, min(0.5, max(0.0, next_at - time.perf_counter())) if every else 0.5)
                if time.perf_counter() > deadline:
                    break
        heard.busy = (time.process_time() - used) / (time.perf_counter() - started)
        while len(heard.times) < events * each and self._note(heard, began, 2.0):
            pass
        heard.lost = events * each - len(heard.times)
        return heard

    def _note(self, heard: Heard, began: dict[int, float], seconds: float) -> bool:
        ready = self._epoll.poll(seconds)
        for fd, _ in ready:
            said = self.sockets[fd].recv(65536)
            now = time.perf_counter()
            place = said.find(b"BENCH-")
            while place >= 0:
                heard.times.append(now - began[int(said[place + 6 : place + 12])])
                place = said.find(b"BENCH-", place + 6)
        return bool(ready)


def event(number: int, product_id: int = 1, *, version: int | None = None) -> bytes:
    """Return a stock event with its number in the SKU."""
    left = 3 if number % 2 else 0
    told = {
        "product_id": product_id,
        "stock": left,
        "timestamp": time.time(),
        "sku": f"BENCH-{number:06}",
        "sku_stock": left,
        "band": "low" if left else "out",
        "version": version or number + 1,
    }
    return json.dumps(told, separators=(",", ":")).encode()


def publisher(redis: Redis, products: int = 1) -> Callable[[int], None]:
    """Return a function that publishes the event with a number, for one product after the other."""

    def publish(number: int) -> None:
        redis.publish(CHANNEL, event(number, number * 7 % products + 1))

    return publish


def workers(url: str) -> tuple[psutil.Process, psutil.Process]:
    """Return the master and the worker process of the server; the same process twice if there is only one."""
    port = str(urlsplit(url).port)
    found = [p for p in psutil.process_iter(["cmdline"]) if port in " ".join(p.info["cmdline"] or ())]
    own = [p for p in found if p.pid != os.getpid()]
    worker = max(own, key=lambda p: p.memory_full_info().uss)
    master = worker.parent()
    return (master if master in own else worker), worker


def memory(worker: psutil.Process) -> int:
    """Return the private memory of a process in bytes."""
    return int(worker.memory_full_info().uss)


def metric(url: str, name: str) -> float:
    """Return one value of the shop's /metrics."""
    about = {"Authorization": f"Bearer {shops.METRICS_TOKEN}"}
    with urllib.request.urlopen(
        urllib.request.Request(f"{url}/metrics", headers=about), timeout=10
    ) as answer:
        return sum(
            float(line.split()[1])
            for line in answer.read().decode().splitlines()
            if line.startswith(f"{name} ")
        )


@contextmanager
def listening(url: str, **how: object) -> Iterator[Listeners]:
    """Yield listeners and close them when the block ends."""
    one = Listeners(url, **how)  # type: ignore[arg-type]
    try:
        yield one
    finally:
        one.close()
