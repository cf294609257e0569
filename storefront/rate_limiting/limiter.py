"""Decides with Redis, from memory where that is exact enough, and alone while Redis is unavailable.

For each client of a policy, a process remembers two things: when the client's debt is paid, as far as it knows (late
by a round trip at most; other processes only ever move that moment away, so Redis would refuse whom it refuses), and
the units that it admitted and has not reported to Redis yet. docs/rate-limits.md gives the rules of the approximate
mode, and what they bound.
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

from storefront.rate_limiting.fallback import FallbackLimiter
from storefront.rate_limiting.gcra import Hit, PolicyState, Verdict, evaluate
from storefront.rate_limiting.policies import Policy
from storefront.redis_roles import LuaScript, RedisUnavailable, Role
from storefront.redis_roles.roles import RoleClients

_GCRA = LuaScript(Path(__file__).parent / "lua" / "gcra.lua")
MAX_CLIENTS = 50_000  # clients that are remembered
FLUSH_BATCH = 200  # clients in one call
EXACT_SHARE = 5  # in the last fifth of the burst every request is decided by Redis
UNREPORTED_SHARE = 10  # all processes together hold back at most a tenth of the burst (at least a unit each)

log = logging.getLogger(__name__)

Source = Literal["redis", "memory", "alone"]


def monotonic_microseconds() -> int:
    """Return this process's monotonic clock in microseconds."""
    return time.monotonic_ns() // 1000


class Limiter:
    """The limits of one app in one process.

    Args:
        roles: the clients of Redis.
        prefix: of all keys of this app.
        processes: how many processes serve the app.
        clock: a monotonic clock in microseconds.
    """

    def __init__(
        self,
        roles: RoleClients,
        prefix: str,
        processes: int,
        *,
        clock: Callable[[], int] = monotonic_microseconds,
    ) -> None:
        self._roles = roles
        # One hash tag: on a cluster a script must find all limits of a request on one node.
        self._prefix = f"{{{prefix}:limit}}"
        self._processes = processes
        self._clock = clock
        # By policy and client: when the debt is paid; units that Redis does not know of; those being reported.
        self._paid_at: dict[tuple[str, str], int] = {}
        self._unreported: dict[tuple[str, str], tuple[Policy, int]] = {}
        self._in_flight: Counter[tuple[str, str]] = Counter()
        self._fallback = FallbackLimiter(processes)
        self._lock = threading.Lock()
        self._is_error_logged = False

    def hit(self, hits: Sequence[Hit], *, spend: bool = True) -> tuple[Verdict, Source]:
        """Decide about a request, spend its cost unless told not to, and return who decided.

        It takes at most one round trip and never raises.
        """
        verdict = self._check_memory(hits, self._clock(), spend=spend)
        if verdict is not None:
            return verdict, "memory"
        try:
            return self._hit_redis(hits, spend=spend), "redis"
        except RedisUnavailable:
            pass
        except RedisError:
            if not self._is_error_logged:
                self._is_error_logged = True
                log.exception("Redis refuses the rate limits' script; each process limits alone")
        return self._fallback.hit(hits, self._clock(), spend=spend), "alone"

    def hit_from_memory(self, hits: Sequence[Hit]) -> Verdict | None:
        """Admit a request if Redis need not be asked; if it must, or would refuse, return None and spend nothing."""
        now = self._clock()
        return self._spend_unreported(hits, self._list_debts(hits, now), now)

    def flush(self) -> bool:
        """Report admitted units to Redis; return whether there were any. If Redis is unavailable, they are kept."""
        with self._lock:
            hits = [Hit(policy, client, 0) for (_, client), (policy, _) in self._unreported.items()]
        for start in range(0, len(hits), FLUSH_BATCH):
            try:
                self._hit_redis(hits[start : start + FLUSH_BATCH])
            except (RedisUnavailable, RedisError):
                break
        return bool(hits)

    def max_unreported(self, policy: Policy) -> int:
        """Return how many units this process may admit before it reports them to Redis."""
        return max(1, policy.burst // (UNREPORTED_SHARE * self._processes))

    def _check_memory(self, hits: Sequence[Hit], now: int, *, spend: bool = True) -> Verdict | None:
        """Refuse, or admit where that is exact enough; None if Redis has to be asked."""
        debts = self._list_debts(hits, now)
        for (policy, _, cost), debt in zip(hits, debts, strict=True):
            if debt + cost * policy.interval > policy.tolerance and not policy.shadow:
                return evaluate(hits, debts)
        return self._spend_unreported(hits, debts, now) if spend else None

    def _list_debts(self, hits: Sequence[Hit], now: int) -> list[int]:
        """Return the debt of each hit's client, in microseconds, as far as this process knows it."""
        known = self._paid_at
        return [max(known.get((policy.name, client), 0) - now, 0) for policy, client, _ in hits]

    def _spend_unreported(self, hits: Sequence[Hit], debts: Sequence[int], now: int) -> Verdict | None:
        """Admit a request if no policy is exact and all are far from their limits, as for a cached page."""
        states: list[PolicyState] = []
        spending: list[Hit] = []
        exceeded: list[Hit] = []
        for hit, debt in zip(hits, debts, strict=True):
            policy, client, cost = hit
            if policy.exact or (policy.name, client) not in self._paid_at:
                return None
            after = debt + cost * policy.interval
            if after <= policy.tolerance - policy.tolerance // EXACT_SHARE:
                spending.append(hit)
            elif policy.shadow and after > policy.tolerance:
                # It refuses nobody: a client that has exceeded it need not be asked about.
                exceeded.append(hit)
                after = debt
            else:
                return None
            states.append(PolicyState(policy, after))
        return Verdict(states, exceeded, 0) if self._note_unreported(spending, now) else None

    def _note_unreported(self, hits: Sequence[Hit], now: int) -> bool:
        """Note units that Redis does not know of yet; return False, and note none, if those would be too many."""
        noted: list[tuple[tuple[str, str], Policy, int, int]] = []
        with self._lock:
            for policy, client, cost in hits:
                key = (policy.name, client)
                unreported = self._unreported.get(key)
                units = unreported[1] + cost if unreported else cost
                if units + self._in_flight.get(key, 0) > self.max_unreported(policy):
                    return False
                noted.append((key, policy, units, cost))
            for key, policy, units, cost in noted:
                self._unreported[key] = (policy, units)
                self._paid_at[key] = max(self._paid_at.get(key, 0), now) + cost * policy.interval
        return True

    def _hit_redis(self, hits: Sequence[Hit], *, spend: bool = True) -> Verdict:
        """Let Redis decide and spend, and report these clients' units with the same call."""
        costs = [hit.cost if spend else 0 for hit in hits]
        keys, arguments, reported = [], [], {}
        with self._lock:
            for (policy, client, _), cost in zip(hits, costs, strict=True):
                unreported = self._unreported.pop((policy.name, client), (policy, 0))
                if unreported[1]:
                    reported[policy.name, client] = unreported
                    self._in_flight[policy.name, client] += unreported[1]
                keys.append(f"{self._prefix}:{policy.name}:{client}")
                arguments += [policy.interval, policy.tolerance, cost, unreported[1], int(policy.shadow)]
        try:
            reply = self._roles.call(Role.LIMIT, lambda redis: _GCRA.run(redis, keys, arguments), write=True)
        except BaseException:
            with self._lock:
                for key, (policy, units) in reported.items():
                    self._unreported[key] = (policy, self._unreported.get(key, (policy, 0))[1] + units)
            raise
        finally:
            if reported:
                with self._lock:
                    for key, (_, units) in reported.items():
                        self._in_flight[key] -= units
                        if not self._in_flight[key]:
                            del self._in_flight[key]
        verdict = evaluate(hits, reply)
        known = verdict if spend else evaluate([hit._replace(cost=0) for hit in hits], reply)
        self._remember(known, hits, self._clock())
        return verdict

    def _remember(self, verdict: Verdict, hits: Sequence[Hit], now: int) -> None:
        with self._lock:
            for state, hit in zip(verdict.states, hits, strict=True):
                key = (hit.policy.name, hit.client)
                unreported = self._unreported.get(key, (hit.policy, 0))[1] * hit.policy.interval
                self._paid_at[key] = max(self._paid_at.get(key, 0), now + state.debt + unreported)
            while len(self._paid_at) > MAX_CLIENTS:
                del self._paid_at[next(iter(self._paid_at))]
