"""Masters of replicated Redis are killed under load; with sentinels or in a cluster replicas take over."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis.exceptions import RedisError

from storefront import redis_roles
from storefront.redis_roles import RedisUnavailable, Role
from tests.chaos import visitors
from tests.chaos.conftest import PATIENCE, UNLIMITED
from tests.chaos.shoppers import Ask, Merchant, Shoppers, all_show, merchant, plain
from tests.deploy.replicated import replicated, role
from tests.processes import eventually, filled, gunicorn, served
from tests.redis_roles.servers import Server
from tests.stock.streams import Stream

pytestmark = [pytest.mark.slow, pytest.mark.needs("redis-server")]

RECOVERY = 15.0  # seconds
SEARCHES = 10


@dataclass
class Deployment:
    """A replicated Redis: settings of the roles, a function that kills masters, the servers, the session masters."""

    environ: dict[str, str]
    kill: Callable[[], None]
    servers: list[Server]
    state: list[Server]  # the masters of sessions


@contextmanager
def sentinels(folder: Path) -> Iterator[Deployment]:
    """Provide two masters (cache, and everything else) with two replicas each and three sentinels."""
    with replicated(folder, "state", "cache") as one:
        environ = {"REDIS_URL": one.url("state"), "CACHE_REDIS_URL": one.url("cache")}
        masters = [one.master("state"), one.master("cache")]
        assert eventually(lambda: masters[0].client.info("replication")["min_slaves_good_slaves"] == 2)

        def kill() -> None:
            for master in masters:
                master.kill()

        servers = [server for each in one.servers.values() for server in each]
        yield Deployment(environ, kill, servers, masters[:1])


@contextmanager
def cluster(folder: Path) -> Iterator[Deployment]:
    """Provide a cluster of three masters with a replica each for all roles."""
    options = ("--min-replicas-to-write", "0", "--cluster-node-timeout", "2000")
    with ExitStack() as stack:
        nodes = [stack.enter_context(role("state", folder, *options, cluster=True)) for _ in range(6)]
        masters, replicas = nodes[:3], nodes[3:]
        for node, slots in zip(masters, (range(5461), range(5461, 10923), range(10923, 16384)), strict=True):
            node.client.execute_command("CLUSTER", "ADDSLOTS", *slots)
        for node in nodes:
            node.client.execute_command("CLUSTER", "MEET", "127.0.0.1", nodes[0].port)
        assert eventually(lambda: all(_known(node) == 6 for node in nodes), seconds=60)
        for master, replica in zip(masters, replicas, strict=True):
            name = master.client.execute_command("CLUSTER MYID")
            assert eventually(lambda name=name, replica=replica: _follows(replica, name), seconds=60)
        assert eventually(lambda: all(_state(node) == "ok" for node in nodes), seconds=60)
        assert eventually(
            lambda: all(one.client.info("replication")["connected_slaves"] == 1 for one in masters)
        )
        places = ",".join(f"127.0.0.1:{node.port}" for node in nodes)
        environ = {"REDIS_URL": f"redis+cluster://{places}", "STOREFRONT_CACHE_SHARDS": "9"}
        yield Deployment(environ, masters[0].kill, nodes, masters)


def _known(node: Server) -> int:
    return int(node.client.execute_command("CLUSTER INFO")["cluster_known_nodes"])


def _state(node: Server) -> str:
    return str(node.client.execute_command("CLUSTER INFO")["cluster_state"])


def _follows(replica: Server, master: str) -> bool:
    with suppress(RedisError):
        replica.client.execute_command("CLUSTER", "REPLICATE", master)
    return bool(replica.client.info("replication")["role"] == "slave")


def sessions(servers: list[Server]) -> set[str]:
    """Return the names of all sessions on the remaining masters."""
    found: set[str] = set()
    for one in servers:
        with suppress(RedisError):
            if one.client.info("replication")["role"] == "master":
                found |= set(one.client.keys("*session*"))
    return found


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(sentinels, id="sentinels"),
        pytest.param(cluster, id="cluster", marks=pytest.mark.only_long),
    ],
)
def test_a_killed_master_fails_no_page_and_loses_no_session(how: Callable, tmp_path: Path) -> None:  # type: ignore[type-arg]
    with ExitStack() as stack:
        deployment = stack.enter_context(how(tmp_path))
        settings = {
            "DATABASE_URL": f"sqlite:///{tmp_path / 'shop.sqlite3'}{PATIENCE}",
            **UNLIMITED,
            **visitors.UNLIMITED,
            "STOREFRONT_LIMIT_SEARCH": f"{SEARCHES}/day",
            **deployment.environ,
        }
        products = filled(tmp_path / "instance", 40, **settings)
        address, sku = next(iter(products.items()))
        shop = stack.enter_context(served(tmp_path / "instance", *gunicorn(2), **settings))
        seller = stack.enter_context(
            merchant(settings["DATABASE_URL"], tmp_path, address, **deployment.environ)
        )
        ask = plain(shop)
        emails = visitors.accounts(seller.app, 8)
        stream = Stream(shop, 1)
        stack.callback(stream.close)
        assert stream.next("snapshot")["items"]
        signing_in = visitors.Visitors(ask, emails, deployment.state)
        with Shoppers(ask, seller, products) as shoppers, signing_in:
            shoppers.pass_by(40)
            assert eventually(lambda: len(signing_in.safe) > 9, seconds=60), (
                "sessions are written and acknowledged"
            )
            deployment.kill()
            recovery = stack.enter_context(ThreadPoolExecutor(1)).submit(recovered, seller)
            # Without a master each worker counts limits by itself.
            assert is_limited(ask, "tea")
            assert visitors.is_known(ask, signing_in.cookies[-1]), "who is signed in, SQL knows"
            newest = seller.reprice()
            assert eventually(lambda: _l2(ask, list(products)[:15]), seconds=60), (
                "pages come from Redis again"
            )
            seconds = recovery.result()
            assert eventually(lambda: all_show(ask, address, newest), seconds=30)
            shoppers.pass_by(40)
        kept = sessions(deployment.servers)
        print(f"recovered {seconds:.1f} s after the kill; {shoppers.pages} pages, {shoppers.puts} puts, "
              f"{len(signing_in.cookies)} sign-ins, {len(signing_in.safe)} acknowledged before the kill")  # fmt: skip
        assert seconds < RECOVERY
        assert shoppers.failed == []
        assert shoppers.wrong == []
        assert shoppers.refused == {}
        shoppers.check_baskets()
        assert signing_in.failed == []
        assert set(signing_in.safe) <= kept, "sessions written before the last acknowledged write"
        assert all(visitors.is_known(ask, cookies) for cookies in signing_in.cookies[-8:])
        latest = visitors.sign_in(ask, emails[0])
        assert visitors.session(latest) in sessions(deployment.servers), "and sessions are written again"
        # Counts from the failover may be lost; later counts may not.
        assert is_limited(ask, "pot")
        # The stream has stayed open and sends the next change.
        assert shop.flask("stock", "set", sku, "2", "--reason", "test").returncode == 0
        assert eventually(lambda: stream.next("stock")["left"] == 2)


def recovered(seller: Merchant) -> float:
    """Return the seconds until a process of the shop can write to all roles and keys again."""

    def writes() -> bool:
        try:
            for role, number in itertools.product(Role, range(12)):
                redis_roles.call(
                    role, lambda redis, key=f"probe:{number}": redis.set(key, "1", px=1000), write=True
                )
        except RedisUnavailable:
            return False
        return True

    began = time.monotonic()
    with seller.app.app_context():
        assert eventually(lambda: not writes(), seconds=10), "the kill was noticed"
        assert eventually(writes, seconds=60)
    return time.monotonic() - began


def is_limited(ask: Ask, word: str) -> bool:
    """Return whether the shop refuses searches above the limit. During a failover counts may restart."""
    for number in range(3 * SEARCHES):
        status = ask(f"/products?q={word}{number}").status
        assert status in (200, 429)
        if status == 429:
            return True
    return False


def _l2(ask: Ask, pages: list[str]) -> bool:
    """Return whether on every shard another worker finds in Redis the page that one worker rebuilt."""
    return all(
        "stored" in said or "L1" in said or "L2" in said
        for said in (ask(page).headers["cache-status"] for page in pages)
    )
