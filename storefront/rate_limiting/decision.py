"""What a request is told: whether it passes, and how much is left (draft-ietf-httpapi-ratelimit-headers)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from storefront.rate_limiting.gcra import Verdict

Header = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a request.

    Attributes:
        status: 200: it passes; 429: later; 403: its network is not served.
        headers: for its response, whatever that is.
        retry_after: seconds until the same request passes, rounded up; 0 if it passes now.
        policies: the names of the limits that refuse it.
    """

    status: Literal[200, 403, 429] = 200
    headers: list[Header] = field(default_factory=list)
    retry_after: int = 0
    policies: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether the request passes."""
        return self.status == 200


UNLIMITED = Decision()
DENIED = Decision(403)


def decision(verdict: Verdict) -> Decision:
    """Return the decision that tells a verdict; nobody hears of a limit in shadow mode."""
    told, left, policies = [], [], []
    for state in verdict.states:
        policy = state.policy
        if not policy.shadow:
            remaining = state.remaining
            left.append(remaining)
            policies.append(policy.header)
            told.append(f'"{policy.name}";r={remaining};t={state.full_in}')
    if not left:
        return UNLIMITED
    headers = [
        ("RateLimit-Policy", ", ".join(policies)),
        ("RateLimit", ", ".join(told)),
        ("X-RateLimit-Remaining", str(min(left))),
    ]
    if verdict.allowed:
        return Decision(200, headers)
    seconds = -(-verdict.wait // 1_000_000)
    headers.append(("Retry-After", str(seconds)))
    refusing = tuple(ask.policy.name for ask in verdict.over if not ask.policy.shadow)
    return Decision(429, headers, seconds, refusing)
