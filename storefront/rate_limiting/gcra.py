"""The generic cell rate algorithm (GCRA, ITU-T I.371), as lua/admit.lua has it, for what is known of debts.

A client's debt is the time in which all that it has spent comes back: cost × interval each, in microseconds. A
request passes if the debt it leaves is within the tolerance, burst × interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from storefront.rate_limiting.policies import Policy


class Ask(NamedTuple):
    """A request asks a limit for some units."""

    policy: Policy
    who: str
    cost: int  # at most the policy's burst


class State(NamedTuple):
    """How a client stands with a limit, after its request."""

    policy: Policy
    debt: int  # microseconds

    @property
    def remaining(self) -> int:
        """Units that are left."""
        return max(0, (self.policy.tolerance - self.debt) // self.policy.interval)

    @property
    def full_in(self) -> int:
        """Seconds until all units are there again, rounded up."""
        return -(-self.debt // 1_000_000)


class Verdict(NamedTuple):
    """What becomes of a request.

    Attributes:
        states: how the client stands now, by limit.
        over: the limits that had too little left; those in shadow mode do not refuse.
        wait: microseconds until the same request passes; 0 if it passes now.
    """

    states: list[State]
    over: list[Ask]
    wait: int

    @property
    def allowed(self) -> bool:
        """Whether it passes."""
        return self.wait == 0


def judge(asks: Sequence[Ask], debts: Sequence[int]) -> Verdict:
    """Return what becomes of a request, given the debts before it."""
    over: list[Ask] = []
    states: list[State] = []
    wait = 0
    for ask, debt in zip(asks, debts, strict=True):
        policy, _, cost = ask
        after = debt + cost * policy.interval
        if after > policy.tolerance:
            over.append(ask)
            if not policy.shadow:
                wait = max(wait, after - policy.tolerance)
            after = debt
        states.append(State(policy, after))
    if wait:
        states = [State(ask.policy, debt) for ask, debt in zip(asks, debts, strict=True)]
    return Verdict(states, over, wait)
