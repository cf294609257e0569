"""The embedded Redis after kills: leftovers block no process, and no process is orphaned."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import psutil
import pytest

from storefront.redis_roles import embedded
from tests.processes import ROOT, eventually
from tests.redis_roles.conftest import USER, Start, servers, supervisors


@pytest.mark.parametrize("victim", ["user", "keeper", "server"])
def test_a_killed_process_blocks_nothing(instance: Path, user: Start, victim: str) -> None:
    first = user()
    with first.connect() as redis:
        redis.set("session", "kept")
    pids = {"user": [first.process.pid], "keeper": supervisors(instance), "server": servers(instance)}[victim]
    os.kill(pids[0], signal.SIGKILL)
    with user().connect() as redis:
        assert redis.get("session") == "kept"
    assert eventually(lambda: len(servers(instance)) == len(supervisors(instance)) == 1)


def test_server_does_not_outlive_its_killed_supervisor(instance: Path, user: Start) -> None:
    first = user()
    with first.connect():
        (server,) = servers(instance)
        os.kill(server, signal.SIGSTOP)  # a stopped process does not handle SIGTERM
        os.kill(supervisors(instance)[0], signal.SIGKILL)
        assert eventually(
            lambda: not psutil.pid_exists(server) or psutil.Process(server).status() == "zombie"
        )


def test_acquiring_after_a_killed_supervisor_gets_a_server(instance: Path, user: Start) -> None:
    first = user()
    with first.connect() as redis:
        for _ in range(5):
            (supervisor,) = supervisors(instance)
            os.kill(supervisor, signal.SIGKILL)
            assert eventually(lambda: not embedded.paths_for(instance).is_supervised())
            first.rejoin()
            assert first.url()
            (server,) = servers(instance)
            assert redis.ping()
            assert len(supervisors(instance)) == 1
            assert servers(instance) == [server]


def test_a_killed_server_comes_back_for_those_who_use_it(instance: Path, user: Start) -> None:
    with user().connect() as redis:
        redis.set("session", "kept")
        for _ in range(2):
            before = servers(instance)
            os.kill(before[0], signal.SIGKILL)
            assert eventually(lambda: servers(instance) and servers(instance) != before)  # noqa: B023
            assert eventually(lambda: embedded.answers_ping(embedded.paths_for(instance)))
            assert redis.get("session") == "kept"


def test_terminated_supervisor_shuts_the_server_down(instance: Path, user: Start) -> None:
    first = user()
    with first.connect():
        os.kill(supervisors(instance)[0], signal.SIGTERM)
        assert eventually(lambda: not servers(instance) and not supervisors(instance))
        assert "User requested shutdown" in (instance / "redis" / "redis.log").read_text()
        first.rejoin()
        with first.connect() as redis:
            assert redis.ping()


def test_a_removed_socket_comes_back(instance: Path, user: Start) -> None:
    with user().connect() as redis:
        redis.set("session", "kept")
        (instance / "redis" / "redis.sock").unlink()
        assert eventually(lambda: embedded.answers_ping(embedded.paths_for(instance)))
    with user().connect() as redis:
        assert redis.get("session") == "kept"


def test_server_with_deleted_folder_ends_and_spares_successor(instance: Path, user: Start) -> None:
    first = user()
    with first.connect():
        old = servers(instance)
        shutil.rmtree(instance)
        with user().connect() as redis:
            assert eventually(lambda: not psutil.pid_exists(old[0]))
            assert redis.ping()
            assert embedded.answers_ping(embedded.paths_for(instance))


def test_acquiring_after_a_deleted_folder_gets_a_lasting_server(instance: Path, user: Start) -> None:
    first = user()
    assert first.url()
    old = servers(instance)
    shutil.rmtree(instance)
    assert eventually(lambda: not psutil.pid_exists(old[0]))
    first.rejoin()
    assert first.url()
    (server,), (supervisor,) = servers(instance), supervisors(instance)
    with user().connect() as redis:  # a supervisor without users would have stopped its server by now
        assert redis.ping()
        assert (servers(instance), supervisors(instance)) == ([server], [supervisor])


def test_files_left_by_a_power_cut_do_not_block(instance: Path, user: Start) -> None:
    folder = instance / "redis"
    (folder / "data").mkdir(parents=True)
    (folder / "redis.sock").write_text("not a socket")
    for name in ("start", "users", "keeper"):
        (folder / f"{name}.lock").write_text("12345")
    (folder / "data" / "temp-rewriteaof-bg-12345.aof").write_bytes(b"x" * 1000)
    (folder / "data" / "appendonly.aof").write_bytes(
        b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n*3\r\n$3\r\nSE"
    )
    with user().connect() as redis:
        assert redis.get("a") == "b"
    assert not list((folder / "data").glob("temp-*"))


def test_unreadable_data_is_moved_aside(instance: Path, user: Start) -> None:
    data = instance / "redis" / "data"
    data.mkdir(parents=True)
    (data / "appendonly.aof").write_bytes(b"garbage" * 100)
    with user().connect() as redis:
        assert redis.dbsize() == 0
    (aside,) = (instance / "redis").glob("data.unreadable*")
    (kept,) = aside.rglob("appendonly.aof")  # Redis 7 has moved it into a folder of its own
    assert kept.read_bytes() == b"garbage" * 100


def test_failed_start_is_explained_and_keeps_the_data(instance: Path, user: Start, tmp_path: Path) -> None:
    broken = tmp_path / "bin" / "redis-server"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho 'no memory today'\nexit 1\n")
    broken.chmod(0o755)
    (instance / "redis" / "data").mkdir(parents=True)
    (instance / "redis" / "data" / "appendonly.aof").write_bytes(b"precious")
    impatient = "from storefront.redis_roles.embedded import server; server.PATIENCE = 1\n" + USER
    _, errors = user(impatient, env=os.environ | {"PATH": str(broken.parent)}).process.communicate()
    assert "Redis did not start" in errors
    assert "no memory today" in errors
    assert (instance / "redis" / "data" / "appendonly.aof").read_bytes() == b"precious"


def test_a_server_that_outlives_its_supervisor_is_replaced(
    instance: Path, user: Start, tmp_path: Path
) -> None:
    """As on systems where a process cannot ask to die with its parent."""
    off = "from storefront import platform_features\nplatform_features.HAS_PARENT_DEATH_SIGNAL = False\n"
    (tmp_path / "sitecustomize.py").write_text(off)
    first = user(env=os.environ | {"PYTHONPATH": f"{tmp_path}:{ROOT}"})
    with first.connect() as redis:
        redis.set("session", "kept")
        (orphan,) = servers(instance)
        os.kill(supervisors(instance)[0], signal.SIGKILL)
        assert eventually(lambda: not embedded.paths_for(instance).is_supervised())
        assert servers(instance) == [orphan], "the feature is off"
        first.rejoin()
        assert first.url()
        assert servers(instance) not in ([], [orphan])
        assert redis.get("session") == "kept"
