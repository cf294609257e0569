"""A client or a connection for an address, with the time-outs of docs/settings.md and no retries."""

from __future__ import annotations

import random
from typing import Any, Protocol, cast

from redis import BlockingConnectionPool, Redis, RedisCluster
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
from redis.connection import Connection
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

from storefront.redis_roles.address import RedisAddress
from storefront.redis_roles.sentinel import MasterConnection, MasterResolver

# A page must not wait for Redis: the library's defaults cost seconds on a silent peer.
TIMEOUT = 0.1  # seconds: to connect, to read, and to wait for a free connection
SUBSCRIPTION_TIMEOUT = 1.0  # seconds, in a thread for which no page waits
POOL_SIZE = 50  # connections per process and role

# redis-py does not type these.
_pool: Any = BlockingConnectionPool
_connection: Any = Connection
_node: Any = ClusterNode


class PubSubConnection(Protocol):
    """What a subscription needs of redis-py's connections, which are not typed."""

    host: str
    port: int

    def connect(self) -> None:
        """Connect and sign in."""

    def disconnect(self) -> None:
        """Close the socket."""

    def send_command(self, *words: str, check_health: bool = True) -> None:
        """Send a command and wait for nothing."""

    def read_response(self) -> Any:
        """Return what comes next."""

    def can_read(self, timeout: float) -> bool:
        """Return whether something comes within so many seconds."""


def create_client(address: RedisAddress, directory: MasterResolver | None) -> Redis:
    """Return a client with a pool of its own.

    A cluster's is no Redis in Python's eyes, but takes the same commands; it looks for its nodes at once.

    Raises:
        RedisClusterException: no node of the cluster answers.
    """
    options = _options(TIMEOUT) | {"health_check_interval": 15} | address.options
    if address.kind == "cluster":
        nodes = [_node(host, port) for host, port in random.sample(address.hosts, len(address.hosts))]
        del options["retry"]  # each node's connections do not retry either way
        options.pop("db", None)
        options.pop("health_check_interval")  # which RedisCluster does not take
        cluster = RedisCluster(
            startup_nodes=nodes,
            dynamic_startup_nodes=False,  # what the URL names is still asked when all nodes have moved
            require_full_coverage=False,
            retry=_no_retry(),
            max_connections=POOL_SIZE,
            **options,
        )
        return cast(Redis, cluster)
    if directory:
        options |= {"connection_class": MasterConnection, "directory": directory}
    return Redis.from_pool(_pool(max_connections=POOL_SIZE, timeout=TIMEOUT, **options))


def create_pubsub_connection(address: RedisAddress, directory: MasterResolver | None) -> PubSubConnection:
    """Return a new connection for a subscription, not yet connected and nobody else's.

    What is published on a cluster is heard on each of its nodes.
    """
    # In protocol 2, what is published comes as any other answer does.
    options = _options(SUBSCRIPTION_TIMEOUT) | {"protocol": 2} | address.options
    line: PubSubConnection
    if directory:
        line = MasterConnection(directory=directory, **options)
    elif address.kind == "cluster":
        host, port = random.choice(address.hosts)  # noqa: S311  # spreads the processes
        line = _connection(**options | {"host": host, "port": port})
    else:
        line = options.pop("connection_class", _connection)(**options)
    return line


def create_resolver(address: RedisAddress) -> MasterResolver | None:
    """Return what knows the master, if sentinels do."""
    if address.kind != "sentinel":
        return None
    options = _options(TIMEOUT) | address.sentinel_options
    sentinels = [Redis(host=host, port=port, **options) for host, port in address.hosts]
    return MasterResolver(address.service, sentinels)


def _options(timeout: float) -> dict[str, Any]:
    return {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": _no_retry(),
        # Switched off: by default a server may stretch these time-outs to ten seconds.
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
        "driver_info": None,  # it would cost each connection two round trips
    }


def _no_retry() -> Retry:
    return Retry(NoBackoff(), 0)
