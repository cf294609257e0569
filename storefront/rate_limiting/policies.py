"""What a rate limit policy is, and how settings change it. docs/rate-limits.md explains them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from storefront.errors import ConfigurationError

LimitScope = Literal["address", "client", "account"]

_RATE = re.compile(
    r"([1-9][0-9]{0,8})/([1-9][0-9]{0,4})? ?(s|second|minute|hour|day)s?(?:\+([1-9][0-9]{0,8}))?"
)
_SECONDS = {"s": 1, "second": 1, "minute": 60, "hour": 3600, "day": 86400}
_MAX_WINDOW = 7 * 86400  # seconds
SITE_FACTOR = 100  # what a /48 of IPv6 gets, in budgets of a single address


@dataclass(frozen=True)
class Policy:
    """A named limit.

    Attributes:
        name: used in headers, settings and the report.
        limit: units that come back in a window.
        window: in seconds.
        burst: units that a client has at rest. No window ever admits more than limit + burst.
        by: what has a budget of its own: an address; a client (its token, else its sign-in, else its address); or the
            account that the request names.
        exact: Redis is asked each time. Otherwise a process counts alone while a client is far from its limit.
        exact_fast_path: the same for responses that are ready in the process; requests for them carry no token.
        strict: while Redis is unavailable, half of what other policies get is admitted.
        shadow: counted and reported, never refused.
        in_sql: counted in SQL (`sql_windows`) by the code that uses it, not by Redis; there is no burst.
        is_of_site: for all addresses of a /48 together; shown to clients only if it refuses.
    """

    name: str
    limit: int
    window: int
    burst: int
    by: LimitScope = "client"
    exact: bool = True
    exact_fast_path: bool = True
    strict: bool = False
    shadow: bool = False
    in_sql: bool = False
    is_of_site: bool = False

    @cached_property
    def of_site(self) -> Policy:
        """The limit of a /48 of IPv6, which could use a budget for each of its 65,536 /64."""
        limit, burst = self.limit * SITE_FACTOR, self.burst * SITE_FACTOR
        return replace(self, name=f"{self.name}/48", limit=limit, burst=burst, is_of_site=True)

    @cached_property
    def interval(self) -> int:
        """Microseconds in which one unit comes back."""
        return -(-self.window * 1_000_000 // self.limit)

    @cached_property
    def tolerance(self) -> int:
        """The largest debt of a client, in microseconds."""
        return self.burst * self.interval

    @cached_property
    def header(self) -> str:
        """The policy as an item of the RateLimit-Policy header."""
        return f'"{self.name}";q={self.limit};w={self.window}'

    def divide(self, processes: int) -> Policy:
        """Return one process's share of the limit, for when the processes cannot count together."""
        parts = processes * (2 if self.strict else 1)
        return replace(self, limit=max(1, self.limit // parts), burst=max(1, self.burst // parts))


def parse_rate(text: str) -> tuple[int, int, int] | None:
    """Return limit, window in seconds and burst of "100/minute", "20/5 minutes" or "100/minute+20" (20 at once).

    Without a burst the whole limit may be used at once. Returns None if the text is invalid.
    """
    found = _RATE.fullmatch(text)
    if found is None:
        return None
    limit, window = int(found[1]), int(found[2] or 1) * _SECONDS[found[3]]
    return (limit, window, int(found[4] or limit)) if window <= _MAX_WINDOW else None


def create_policy(name: str, rate: str, **about: Any) -> Policy:
    """Return a policy of this name and rate, such as "100/minute"; the other attributes are those of `Policy`.

    Raises:
        ConfigurationError: the rate is invalid.
    """
    return Policy(name, *_read_rate(name, rate), **about)


def _read_rate(name: str, text: str) -> tuple[int, int, int]:
    """Like `parse_rate`; an invalid rate is a ConfigurationError that begins with this name."""
    found = parse_rate(text)
    if found is None:
        raise ConfigurationError(
            f"{name} is {text!r}; write it as 100/minute, 20/5 minutes, or 100/minute+20 for at most 20 at once."
        )
    return found


# Those that views without a declaration are under, and the one of /admin/system/cache.
BASE_POLICIES = (
    create_policy("browse", "100/minute", exact=False),
    create_policy("crawler", "600/minute", by="address", exact=False),
    create_policy("prefetch", "60/minute", exact=False),
    create_policy("cache-preview", "20/minute"),
)


def setting_name(name: str) -> str:
    """Return the name of the environment variable that changes a policy."""
    return "STOREFRONT_LIMIT_" + re.sub(r"[.-]", "_", name).upper()


def apply_settings(own: Iterable[Policy], rates: Mapping[str, str], shadow: list[str]) -> dict[str, Policy]:
    """Return policies by name, with the changes of the settings that name them.

    Raises:
        ConfigurationError: a rate is invalid.
    """
    found = {}
    for policy in own:
        name = setting_name(policy.name)
        limit, window, burst = (
            _read_rate(name, rates[name]) if name in rates else (policy.limit, policy.window, policy.burst)
        )
        is_shadow = policy.shadow or policy.name in shadow
        found[policy.name] = replace(policy, limit=limit, window=window, burst=burst, shadow=is_shadow)
    return found


def build_policies(
    rates: Mapping[str, str],
    shadow: list[str],
    own: Iterable[Policy] = (),
    reserved: Iterable[str] = (),
) -> dict[str, Policy]:
    """Return the policies by name, with the changes of the settings.

    Args:
        rates: rates by the names of their settings.
        shadow: names of policies that only count.
        own: policies of the application, in addition to BASE_POLICIES, or in the place of one of the same name.
        reserved: how names of policies begin that are added later; settings may name them.

    Raises:
        ConfigurationError: there is no such policy, or a rate is invalid.
    """
    by_setting = {setting_name(policy.name): policy for policy in (*BASE_POLICIES, *own)}
    beginnings = tuple(reserved)
    of_others = tuple(map(setting_name, beginnings))
    for name in rates:
        if name not in by_setting and not name.startswith(of_others):
            raise ConfigurationError(f"{name} names no rate limit. There are: {', '.join(by_setting)}.")
    policies = apply_settings(by_setting.values(), rates, shadow)
    for name in shadow:
        if name not in policies and not name.startswith(beginnings):
            raise ConfigurationError(
                f"STOREFRONT_LIMIT_SHADOW names {name!r}; there are: {', '.join(policies)}."
            )
    return policies
