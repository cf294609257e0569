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

# A page must not wait for Redis: with the library's defaults a silent server costs seconds.
TIMEOUT = 0.1  # seconds: to connect, to read, and to wait for a free connection
SUBSCRIPTION_TIMEOUT = 1.0  # seconds, in a background thread
POOL_SIZE = 50  # connections per process and role

# redis-py has no types for these.
_pool: Any = BlockingConnectionPool
_connection: Any = Connection
_node: Any = ClusterNode


class PubSubConnection(Protocol):
    """The part of redis-py's connections that a subscription uses; redis-py has no types for it."""

    host: str
    port: int

    def connect(self) -> None:
        """Connect and authenticate."""

    def disconnect(self) -> None:
        """Close the socket."""

    def send_command(self, *words: str, check_health: bool = True) -> None:
        """Send a command without waiting for the reply."""

    def read_response(self, *, timeout: float = ..., disconnect_on_error: bool = True) -> Any:
        """Return the next reply or message.

        Raises:
            redis.exceptions.TimeoutError: it is not complete within so many seconds. What has come of it is kept.
        """


def create_client(address: RedisAddress, resolver: MasterResolver | None) -> Redis:
    """Return a client with a connection pool of its own.

    The client of a cluster is not an instance of Redis, but has the same methods; it looks for its nodes at once.

    Raises:
        RedisClusterException: no node of the cluster answers.
    """
    options = _options(TIMEOUT) | {"health_check_interval": 15} | address.options
    if address.kind == "cluster":
        nodes = [_node(host, port) for host, port in random.sample(address.hosts, len(address.hosts))]
        del options["retry"]  # the connections to the nodes never retry
        options.pop("db", None)
        options.pop("health_check_interval")  # RedisCluster does not accept it
        cluster = RedisCluster(
            startup_nodes=nodes,
            dynamic_startup_nodes=False,  # so that the URL's nodes are asked again when all others have gone
            require_full_coverage=False,
            retry=_no_retry(),
            max_connections=POOL_SIZE,
            **options,
        )
        return cast(Redis, cluster)
    if resolver:
        options |= {"connection_class": MasterConnection, "resolver": resolver}
    return Redis.from_pool(_pool(max_connections=POOL_SIZE, timeout=TIMEOUT, **options))


def create_pubsub_connection(address: RedisAddress, resolver: MasterResolver | None) -> PubSubConnection:
    """Return a new connection for a subscription, not connected yet.

    A cluster sends each published message to all of its nodes, so any of them will do.
    """
    # In protocol 2, published messages are read like replies.
    options = _options(SUBSCRIPTION_TIMEOUT) | {"protocol": 2} | address.options
    connection: PubSubConnection
    if resolver:
        connection = MasterConnection(resolver=resolver, **options)
    elif address.kind == "cluster":
        host, port = random.choice(address.hosts)  # noqa: S311  # spreads the processes
        connection = _connection(**options | {"host": host, "port": port})
    else:
        connection = options.pop("connection_class", _connection)(**options)
    return connection


def create_resolver(address: RedisAddress) -> MasterResolver | None:
    """Return the resolver of the master's address if sentinels know it, otherwise None."""
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
        # By default a server may extend these time-outs to ten seconds.
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
        "driver_info": None,  # it costs each connection two round trips
    }


def _no_retry() -> Retry:
    return Retry(NoBackoff(), 0)
