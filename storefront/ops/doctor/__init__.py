"""`flask doctor`: checks the configuration and every service, and says how to fix what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from storefront.ops.doctor import configuration, database, host, proxies, redis_servers
from storefront.ops.doctor.finding import Finding, Level, wrong

__all__ = ["Finding", "Level", "examine"]

_CHECKS: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
    ("configuration", configuration.check),
    ("host", host.check),
    ("database", database.check),
    ("redis", redis_servers.check),
)


def examine(url: str | None) -> list[Finding]:
    """Return the findings in the order of the checks. It never raises.

    Args:
        url: the shop's public URL, to check proxies and workers by a request; None skips these checks.
    """
    checks = [*_CHECKS, *([("front", lambda: proxies.check(url))] if url else [])]
    return [finding for about, check in checks for finding in _run(about, check)]


def _run(about: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from check()
    except Exception as error:  # noqa: BLE001  # one check that fails must not hide the others
        yield wrong(about, f"The check failed: {type(error).__name__}: {error}")
