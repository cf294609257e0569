"""`flask doctor`: looks at the configuration and at every service, and says how to mend what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from storefront.ops.doctor import configuration, database, host, proxies, redis_servers
from storefront.ops.doctor.finding import Finding, Level, wrong

__all__ = ["Finding", "Level", "examine"]

_CHECKS: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
    ("configuration", configuration.look),
    ("host", host.look),
    ("database", database.look),
    ("redis", redis_servers.look),
)


def examine(url: str | None) -> list[Finding]:
    """Return what was found, in the order of the checks; never raises.

    Args:
        url: where shoppers reach the shop, to see what a request shows; None: that is not looked at.
    """
    checks = [*_CHECKS, *([("front", lambda: proxies.look(url))] if url else [])]
    return [finding for about, look in checks for finding in _surely(about, look)]


def _surely(about: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except Exception as error:  # noqa: BLE001  # one thing that cannot be looked at must not hide the others
        yield wrong(about, f"It could not be looked at: {type(error).__name__}: {error}")
