"""Decides with Redis, from memory where memory is enough, and alone while Redis is away.

For each client of a limit two things are kept here: when its debt is paid, as far as is known (late by a round trip
at most; other processes only ever move that moment away, so who is refused by it would be refused by Redis too), and
the units that were admitted here and Redis has not heard of (`owed`). The rules of the approximate mode, and what
they bound, are written in docs/rate-limits.md.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from redis.exceptions import RedisError

from storefront.rate_limiting.fallback import Buckets
from storefront.rate_limiting.gcra import Ask, State, Verdict, judge
from storefront.rate_limiting.policies import Policy
from storefront.redis_roles import LuaScript, RedisUnavailable, Role
from storefront.redis_roles.roles import RoleClients

_ADMIT = LuaScript(Path(__file__).parent / "lua" / "admit.lua")
MOST = 50_000  # clients of whom something is remembered
BATCH = 200  # clients that are settled by one call
NEAR = 5  # within a fifth of the burst everybody is asked for exactly
OVER = 10  # all processes together owe at most a tenth of the burst (at least a unit each)

log = logging.getLogger(__name__)

Source = Literal["redis", "memory", "alone"]


def microseconds() -> int:
    """Return this process's clock, which never runs back."""
    return time.monotonic_ns() // 1000


class Limiter:
    """The limits of one shop in one process.

    Args:
        roles: how Redis is called.
        prefix: what all keys of this shop begin with.
        processes: how many processes serve the shop.
        clock: microseconds that never run back.
    """

    def __init__(
        self, roles: RoleClients, prefix: str, processes: int, *, clock: Callable[[], int] = microseconds
    ) -> None:
        self._roles = roles
        # One hash tag: on a cluster a script must find all limits of a request on one node.
        self._prefix = f"{{{prefix}:limit}}"
        self._processes = processes
        self._clock = clock
        self._paid: dict[tuple[str, str], int] = {}
        self._owed: dict[tuple[str, str], tuple[Policy, int]] = {}
        self._on_the_way: Counter[tuple[str, str]] = Counter()  # of what was owed
        self._alone = Buckets(processes)
        self._lock = threading.Lock()
        self._mistaken = False

    def admit(self, asks: Sequence[Ask]) -> tuple[Verdict, Source]:
        """Decide a request and spend what it costs; say who decided. At most one round trip; never raises."""
        verdict = self._from_memory(asks, self._clock())
        if verdict is not None:
            return verdict, "memory"
        try:
            return self._ask(asks), "redis"
        except RedisUnavailable:
            pass
        except RedisError:
            if not self._mistaken:
                self._mistaken = True
                log.exception("Redis does not take what the rate limits ask; each process limits alone")
        return self._alone.admit(asks, self._clock()), "alone"

    def admit_at_once(self, asks: Sequence[Ask]) -> Verdict | None:
        """Admit a request if that takes neither Redis nor a refusal; else None, and nothing is spent."""
        verdict = self._from_memory(asks, self._clock()) if len(asks) == 1 else None
        return verdict if verdict and verdict.allowed else None

    def settle(self) -> bool:
        """Tell Redis what was admitted here; return whether there was anything. If Redis is away, it stays owed."""
        with self._lock:
            asks = [Ask(policy, who, 0) for (_, who), (policy, _) in self._owed.items()]
        for start in range(0, len(asks), BATCH):
            try:
                self._ask(asks[start : start + BATCH])
            except (RedisUnavailable, RedisError):
                break
        return bool(asks)

    def lease(self, policy: Policy) -> int:
        """Return how many units this process may admit before Redis has heard of them."""
        return max(1, policy.burst // (OVER * self._processes))

    def _from_memory(self, asks: Sequence[Ask], now: int) -> Verdict | None:
        """Refuse, or admit where that is exact enough; None if Redis has to be asked."""
        debts, over = [], False
        for policy, who, cost in asks:
            paid = self._paid.get((policy.name, who), 0)
            debt = paid - now if paid > now else 0
            debts.append(debt)
            over = over or (debt + cost * policy.interval > policy.tolerance and not policy.shadow)
        if over:
            return judge(asks, debts)
        return self._spend_here(asks[0], debts[0], now) if len(asks) == 1 else None

    def _spend_here(self, ask: Ask, debt: int, now: int) -> Verdict | None:
        """Admit by the only limit of a request, if that need not be exact and is far: what a held page costs."""
        policy, who, cost = ask
        key = (policy.name, who)
        if policy.exact or key not in self._paid:
            return None
        after = debt + cost * policy.interval
        if after > policy.tolerance - policy.tolerance // NEAR:
            # A shadow limit refuses nobody: who is over it for certain need not be asked about.
            return judge((ask,), (debt,)) if policy.shadow and after > policy.tolerance else None
        with self._lock:
            owed = self._owed.get(key)
            units = owed[1] + cost if owed else cost
            if units + self._on_the_way.get(key, 0) > self.lease(policy):
                return None
            self._owed[key] = (policy, units)
            self._paid[key] = max(self._paid.get(key, 0), now) + cost * policy.interval
        return Verdict([State(policy, after)], [], 0)

    def _ask(self, asks: Sequence[Ask]) -> Verdict:
        """Let Redis decide, and spend, together with what is owed."""
        keys, arguments, owed = [], [], {}
        with self._lock:
            for policy, who, cost in asks:
                found = self._owed.pop((policy.name, who), (policy, 0))
                if found[1]:
                    owed[policy.name, who] = found
                    self._on_the_way[policy.name, who] += found[1]
                keys.append(f"{self._prefix}:{policy.name}:{who}")
                arguments += [policy.interval, policy.tolerance, cost, found[1], int(policy.shadow)]
        try:
            reply = self._roles.call(
                Role.LIMIT, lambda client: _ADMIT.run(client, keys, arguments), write=True
            )
        except BaseException:
            with self._lock:
                for key, (policy, units) in owed.items():
                    self._owed[key] = (policy, self._owed.get(key, (policy, 0))[1] + units)
            raise
        finally:
            if owed:
                with self._lock:
                    for key, (_, units) in owed.items():
                        self._on_the_way[key] -= units
                        if not self._on_the_way[key]:
                            del self._on_the_way[key]
        verdict = judge(asks, reply)
        self._learn(verdict, asks, self._clock())
        return verdict

    def _learn(self, verdict: Verdict, asks: Sequence[Ask], now: int) -> None:
        with self._lock:
            for state, ask in zip(verdict.states, asks, strict=True):
                key = (ask.policy.name, ask.who)
                unheard = self._owed.get(key, (ask.policy, 0))[1] * ask.policy.interval
                self._paid[key] = max(self._paid.get(key, 0), now + state.debt + unheard)
            while len(self._paid) > MOST:
                del self._paid[next(iter(self._paid))]
