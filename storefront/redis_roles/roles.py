"""Where each role lives, and its client."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from flask import Flask
from redis import BlockingConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

from storefront.errors import ConfigurationError
from storefront.redis_roles import embedded

SCHEMES = ("redis", "rediss", "unix")
LATER_SCHEMES = ("redis+sentinel", "redis+cluster")
# A page must not wait for Redis: the library's defaults cost seconds on a silent peer.
TIMEOUT = 0.1  # seconds: to connect, to read, and to wait for a free connection
POOL = 50  # connections per process and role


class Role(StrEnum):
    """What Redis is used for; each role may live on a server of its own."""

    CACHE = "cache"
    SESSION = "session"
    LIMIT = "limit"
    STOCK = "stock"


@dataclass
class Roles:
    """The roles' URLs (None: the embedded server) and this process's clients."""

    urls: dict[Role, str | None]
    instance: Path
    _clients: dict[tuple[int, Role], Redis] = field(default_factory=dict)

    @classmethod
    def from_config(cls, app: Flask) -> Roles:
        """Read the URLs; raise ConfigurationError for one that cannot be used."""
        urls = {}
        for role in Role:
            name = f"{role.upper()}_REDIS_URL"
            own = app.config.get(name)
            urls[role] = _checked(name if own else "REDIS_URL", own or app.config.get("REDIS_URL"))
        return cls(urls, Path(app.instance_path))

    def url(self, role: Role) -> str:
        """Return the role's URL; starts the embedded server if that is where the role lives."""
        return self.urls[role] or embedded.join(self.instance)

    def client(self, role: Role) -> Redis:
        """Return the client of this role in this process; a forked child gets its own."""
        key = (os.getpid(), role)
        if key not in self._clients:
            pool = BlockingConnectionPool.from_url(
                self.url(role),
                max_connections=POOL,
                timeout=TIMEOUT,
                socket_timeout=TIMEOUT,
                socket_connect_timeout=TIMEOUT,
                retry=Retry(NoBackoff(), 0),
                health_check_interval=15,
                # Switched off: by default a server may stretch these time-outs to ten seconds.
                maint_notifications_config=MaintNotificationsConfig(enabled=False),
            )
            self._clients[key] = Redis.from_pool(pool)
        return self._clients[key]


def _checked(name: str, url: str | None) -> str | None:
    if not url:
        return None
    shown = re.sub(r"//[^/]*@", "//…@", url)  # without the password
    scheme, found, rest = url.partition("://")
    if scheme in LATER_SCHEMES:
        raise ConfigurationError(
            f"{name}: {scheme}:// is not supported yet; name one server with redis://host:port/db."
        )
    if not found or scheme not in SCHEMES or not rest:
        raise ConfigurationError(
            f"{name} is {shown!r}; use redis://host:port/db, rediss://host:port/db or unix:///path/to/socket."
        )
    try:
        BlockingConnectionPool.from_url(url)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{name} is {shown!r}: {error}.") from error
    return url
