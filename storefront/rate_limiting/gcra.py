"""The generic cell rate algorithm (GCRA, ITU-T I.371), as in lua/gcra.lua, for debts that are known.

A client's debt is the time in which all that it has spent comes back: cost × interval each, in microseconds. A
request passes if the debt after it is within the tolerance, burst × interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from storefront.rate_limiting.policies import Policy


class Hit(NamedTuple):
    """A request's claim on one policy."""

    policy: Policy
    client: str
    cost: int  # units, at most the policy's burst


class PolicyState(NamedTuple):
    """A client's state under a policy after a decision.

    Attributes:
        policy: the rate limit.
        debt: microseconds until all units are available again. A refused request adds nothing.
    """

    policy: Policy
    debt: int

    @property
    def remaining(self) -> int:
        """Units that are left."""
        return max(0, (self.policy.tolerance - self.debt) // self.policy.interval)

    @property
    def reset_after(self) -> int:
        """Seconds until all units are available again, rounded up."""
        return -(-self.debt // 1_000_000)


class Verdict(NamedTuple):
    """The algorithm's result for a request.

    Attributes:
        states: the client's debt under each policy.
        exceeded: the hits whose policy had too little left; those in shadow mode do not refuse.
        wait: microseconds until the same request passes; 0 if it passes now.
    """

    states: list[PolicyState]
    exceeded: list[Hit]
    wait: int

    @property
    def allowed(self) -> bool:
        """Whether the request passes."""
        return self.wait == 0


def evaluate(hits: Sequence[Hit], debts: Sequence[int]) -> Verdict:
    """Return the verdict on a request, given the debts before it in microseconds."""
    exceeded: list[Hit] = []
    states: list[PolicyState] = []
    wait = 0
    for hit, debt in zip(hits, debts, strict=True):
        policy, _, cost = hit
        after = debt + cost * policy.interval
        if after > policy.tolerance:
            exceeded.append(hit)
            if not policy.shadow:
                wait = max(wait, after - policy.tolerance)
            after = debt
        states.append(PolicyState(policy, after))
    if wait:
        states = [PolicyState(hit.policy, debt) for hit, debt in zip(hits, debts, strict=True)]
    return Verdict(states, exceeded, wait)
