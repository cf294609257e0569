"""Processes that use an embedded Redis, and its running processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from redis import Redis

from storefront.redis_roles import clients
from tests.processes import ROOT, eventually

# Joins at once, and again for each line that it is sent.
USER = """
import sys
from pathlib import Path
from storefront.redis_roles import embedded
print(embedded.acquire_server(Path(sys.argv[1])), flush=True)
for _ in sys.stdin:
    print(embedded.acquire_server(Path(sys.argv[1])), flush=True)
"""


class User:
    """A process that uses the server of an instance directory until its standard input is closed."""

    def __init__(self, instance: Path, code: str = USER, **options: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(instance)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,  # type: ignore[call-overload]
        )

    def url(self) -> str:
        line = str(self.process.stdout.readline().strip())
        assert line.startswith("unix://"), self.process.communicate()
        return line

    def connect(self) -> Redis:
        """Wait until it has joined; return a client of its server."""
        return Redis.from_url(self.url(), decode_responses=True)

    def rejoin(self) -> None:
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def leave(self) -> None:
        self.process.communicate("")


Start = Callable[..., User]


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    return tmp_path / "instance"


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a longer time-out than pages do, in tests that do not measure it: the machine may be busy."""
    monkeypatch.setattr(clients, "TIMEOUT", 1.0)


@pytest.fixture
def user(instance: Path) -> Iterator[Start]:
    """Start a process that uses the server."""
    users: list[User] = []

    def start(code: str = USER, **options: object) -> User:
        users.append(User(instance, code, **options))
        return users[-1]

    yield start
    for one in users:
        one.process.kill()
        one.process.communicate()
    assert eventually(lambda: not running(instance)), "a server outlived its last user"


def supervisors(instance: Path) -> list[int]:
    folder = str(instance.resolve() / "redis")
    return [
        pid
        for pid, line, _ in _processes()
        if "storefront.redis_roles.embedded.supervisor" in line and folder in line
    ]


def servers(instance: Path) -> list[int]:
    data = str(instance.resolve() / "redis" / "data")
    return [
        pid
        for pid, line, cwd in _processes()
        if cwd == data and "storefront.redis_roles.embedded.supervisor" not in line
    ]


def running(instance: Path) -> list[int]:
    return supervisors(instance) + servers(instance)


def _processes() -> Iterator[tuple[int, list[str], str]]:
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            yield process.pid, process.cmdline(), process.cwd()
