"""Limits kept by this process alone, for as long as Redis is away."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from storefront.rate_limiting.gcra import Ask, Verdict, judge
from storefront.rate_limiting.policies import Policy

MOST = 50_000


class Buckets:
    """Debts by client, bounded; the oldest goes when there are too many.

    Args:
        processes: how many processes share a limit: each has its part of it.
    """

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._parts: dict[str, Policy] = {}
        self._paid: dict[
            tuple[str, str], int
        ] = {}  # when a debt is paid, in microseconds of this process's clock
        self._lock = threading.Lock()

    def admit(self, asks: Sequence[Ask], now: int) -> Verdict:
        """Check all limits of a request and spend what it costs."""
        parts = []
        for policy, who, cost in asks:
            part = self._parts.get(policy.name) or policy.shared_by(self._processes)
            self._parts[policy.name] = part
            parts.append(Ask(part, who, min(cost, part.burst)))
        with self._lock:
            debts = [max(0, self._paid.get((ask.policy.name, ask.who), 0) - now) for ask in parts]
            verdict = judge(parts, debts)
            if verdict.allowed:
                for ask, state in zip(parts, verdict.states, strict=True):
                    self._paid[ask.policy.name, ask.who] = now + state.debt
                while len(self._paid) > MOST:
                    del self._paid[next(iter(self._paid))]
        return verdict
