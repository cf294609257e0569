"""Limits that one process decides alone while Redis is unavailable."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from storefront.rate_limiting.gcra import Hit, Verdict, evaluate
from storefront.rate_limiting.policies import Policy

MAX_CLIENTS = 50_000


class FallbackLimiter:
    """Debts by client in this process's memory. If there are too many, the oldest is forgotten.

    Args:
        processes: how many processes share a limit; each applies its share of it.
    """

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._shares: dict[str, Policy] = {}
        # When a client's debt is paid, in microseconds of this process's clock.
        self._paid_at: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()

    def hit(self, hits: Sequence[Hit], now: int, *, spend: bool = True) -> Verdict:
        """Check all limits of a request, and spend its cost if it passes, unless told not to."""
        shares = []
        for policy, client, cost in hits:
            share = self._shares.get(policy.name) or policy.divide(self._processes)
            self._shares[policy.name] = share
            shares.append(Hit(share, client, min(cost, share.burst)))
        with self._lock:
            debts = [max(0, self._paid_at.get((hit.policy.name, hit.client), 0) - now) for hit in shares]
            verdict = evaluate(shares, debts)
            if verdict.allowed and spend:
                for hit, state in zip(shares, verdict.states, strict=True):
                    self._paid_at[hit.policy.name, hit.client] = now + state.debt
                while len(self._paid_at) > MAX_CLIENTS:
                    del self._paid_at[next(iter(self._paid_at))]
        return verdict
