"""Worker processes for tests: each has one object, and calls its methods on request."""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from flask import Flask

from storefront import redis_roles
from storefront.cache.l2 import L2
from storefront.cache.state import create_state
from storefront.cache.store import CacheStore

PATIENCE = 180  # seconds that a call may take


class WorkerPool:
    """Spawned processes; each calls `make(*arguments)` and then methods of the result."""

    def __init__(self, members: int, make: Callable[..., object], *arguments: object) -> None:
        # Forked from a server that has imported the shop and made one: that takes seconds of work.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.cache.preloaded"])
        self._pipes: list[Connection] = []
        self._processes = []
        for _ in range(members):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, make, arguments), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)
        for member in range(members):
            self.wait(member)

    def __len__(self) -> int:
        return len(self._pipes)

    def start(self, member: int, method: str, *arguments: object) -> None:
        """Start a method in one process."""
        self._pipes[member].send((method, arguments))

    def wait(self, member: int, seconds: float = PATIENCE) -> Any:
        """Wait for the result of `start`."""
        assert self._pipes[member].poll(seconds), f"member {member} does not answer"
        trouble, result = self._pipes[member].recv()
        assert not trouble, trouble
        return result

    def call(self, member: int, method: str, *arguments: object) -> Any:
        """Call a method in one process; return its result."""
        self.start(member, method, *arguments)
        return self.wait(member)

    def call_all(self, method: str, *arguments: object) -> list[Any]:
        """Call a method in all processes at the same time; return the results."""
        for member in range(len(self)):
            self.start(member, method, *arguments)
        return [self.wait(member) for member in range(len(self))]

    def kill(self) -> None:
        """Kill all processes."""
        for process in self._processes:
            process.kill()
            process.join()
        for pipe in self._pipes:
            pipe.close()


@contextmanager
def worker_pool(members: int, make: Callable[..., object], *arguments: object) -> Iterator[WorkerPool]:
    """A pool that is killed when the block ends."""
    one = WorkerPool(members, make, *arguments)
    try:
        yield one
    finally:
        one.kill()


def call_in_process(function: Callable[..., Any], *arguments: object) -> Any:
    """Call a function in a process of its own, which may fork others and take minutes; return its result."""
    with worker_pool(1, _Caller, function) as pool:
        pool.start(0, "call", *arguments)
        return pool.wait(0, seconds=600)


class _Caller:
    def __init__(self, function: Callable[..., Any]) -> None:
        self.call = function


def bare_app(redis_url: str, prefix: str) -> Flask:
    """An app with only the two levels of the cache."""
    app = Flask("worker")
    app.config.update(REDIS_URL=redis_url, CACHE_PREFIX=prefix, PREFIX="")
    redis_roles.init_app(app)
    create_state(app, CacheStore(L2(prefix), 1024 * 1024, {}), fingerprint="bare")
    return app


def _serve(pipe: Connection, make: Callable[..., object], arguments: tuple[object, ...]) -> None:
    try:
        subject = make(*arguments)
    except BaseException:
        pipe.send((traceback.format_exc(), None))
        raise
    pipe.send((None, None))
    while True:
        try:
            method, given = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send((None, getattr(subject, method)(*given)))
        except Exception:  # noqa: BLE001  # raised in the test
            pipe.send((traceback.format_exc(), None))
