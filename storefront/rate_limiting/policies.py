"""The table of rate limits: how many of what, for whom. docs/rate-limits.md explains them to people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from storefront.errors import ConfigurationError

By = Literal["address", "client", "account"]

_RATE = re.compile(
    r"([1-9][0-9]{0,8})/([1-9][0-9]{0,4})? ?(s|second|minute|hour|day)s?(?:\+([1-9][0-9]{0,8}))?"
)
_SECONDS = {"s": 1, "second": 1, "minute": 60, "hour": 3600, "day": 86400}
_LONGEST = 7 * 86400  # seconds


@dataclass(frozen=True)
class Policy:
    """A named limit.

    Attributes:
        name: as headers, settings and the report call it.
        limit: how many units come back in a window.
        window: in seconds.
        burst: how many units a rested client has: no window ever admits more than limit + burst.
        by: whose budget: the address's; the client's (its token's, else its sign-in's, else its address's);
            or the account's that the request names.
        exact: Redis is asked each time. If not, a process counts for itself while a client is far from its limit.
        exact_held: the same for what a process holds ready, which is only ever asked for without a token.
        strict: while Redis is away only half of what other policies get is let pass.
        shadow: counted and reported, never refused.
    """

    name: str
    limit: int
    window: int
    burst: int
    by: By = "client"
    exact: bool = True
    exact_held: bool = True
    strict: bool = False
    shadow: bool = False

    @cached_property
    def interval(self) -> int:
        """Microseconds in which one unit comes back."""
        return -(-self.window * 1_000_000 // self.limit)

    @cached_property
    def tolerance(self) -> int:
        """Microseconds of debt that a client may have."""
        return self.burst * self.interval

    @cached_property
    def header(self) -> str:
        """The policy as RateLimit-Policy tells it."""
        return f'"{self.name}";q={self.limit};w={self.window}'

    def shared_by(self, processes: int) -> Policy:
        """Return one process's part of the limit, for when the processes cannot know of each other."""
        parts = processes * (2 if self.strict else 1)
        return replace(self, limit=max(1, self.limit // parts), burst=max(1, self.burst // parts))


def rate(text: str) -> tuple[int, int, int] | None:
    """Return limit, window in seconds and burst of "100/minute", "20/5 minutes" or "100/minute+20" (20 at once).

    Without a burst the whole limit may be used at once. None if it cannot be read.
    """
    found = _RATE.fullmatch(text)
    if found is None:
        return None
    limit, window = int(found[1]), int(found[2] or 1) * _SECONDS[found[3]]
    return (limit, window, int(found[4] or limit)) if window <= _LONGEST else None


def _policy(name: str, text: str, **about: Any) -> Policy:
    found = rate(text)
    assert found is not None, text  # noqa: S101  # a row of the table below
    return Policy(name, *found, **about)


TABLE = (
    _policy("browse", "100/minute", exact=False),
    _policy("crawler", "600/minute", by="address", exact=False),
    _policy("me", "300/minute", exact=False),
    _policy("search", "60/minute"),
    _policy("cart", "60/minute"),
    _policy("sign-in.address", "20/5 minutes", by="address", strict=True),
    _policy("sign-in.account", "10/15 minutes", by="account", strict=True),
    _policy("register", "10/hour", by="address", strict=True),
    _policy("password-reset.address", "20/hour", by="address", strict=True),
    _policy("password-reset.account", "5/hour", by="account", strict=True),
    _policy("checkout", "10/minute", strict=True),
    _policy("order", "60/minute", strict=True),
    _policy("payment.event", "1200/minute", by="address"),
    _policy("api", "600/minute", exact_held=False),
    _policy("stream", "120/minute"),
    _policy("staff", "600/minute"),
)


def setting(name: str) -> str:
    """Return the environment variable that changes a policy."""
    return "STOREFRONT_LIMIT_" + re.sub(r"[.-]", "_", name).upper()


def table(rates: Mapping[str, str], shadow: list[str]) -> dict[str, Policy]:
    """Return the policies by name, changed by the settings.

    Args:
        rates: rates by the names of their settings.
        shadow: names of policies that only count.

    Raises:
        ConfigurationError: there is no such policy, or a rate cannot be read.
    """
    by_setting = {setting(policy.name): policy for policy in TABLE}
    for name, text in rates.items():
        if name not in by_setting:
            raise ConfigurationError(f"{name} names no rate limit. There are: {', '.join(by_setting)}.")
        found = rate(text)
        if found is None:
            raise ConfigurationError(
                f"{name} is {text!r}; write it as 100/minute, 20/5 minutes, or 100/minute+20 for at most 20 at once."
            )
        limit, window, burst = found
        by_setting[name] = replace(by_setting[name], limit=limit, window=window, burst=burst)
    policies = {policy.name: policy for policy in by_setting.values()}
    for name in shadow:
        if name not in policies:
            raise ConfigurationError(
                f"STOREFRONT_LIMIT_SHADOW names {name!r}; there are: {', '.join(policies)}."
            )
        policies[name] = replace(policies[name], shadow=True)
    return policies
