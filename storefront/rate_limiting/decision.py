"""What a request is told: whether it passes, and how much is left (draft-ietf-httpapi-ratelimit-headers)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from storefront.rate_limiting.gcra import Verdict

Header = tuple[str, str]


class Decision(NamedTuple):
    """What becomes of a request.

    Attributes:
        status: 200: it passes; 429: later; 403: its network is not served.
        headers: for its response, whatever that is.
        retry_after: seconds until the same request passes, rounded up; 0 if it passes now.
        policies: the names of the limits that refuse it.
    """

    status: Literal[200, 403, 429] = 200
    headers: Sequence[Header] = ()
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
    told = [state for state in verdict.states if not state.policy.shadow]
    if not told:
        return UNLIMITED
    left = [state.remaining for state in told]
    now = [
        f'"{state.policy.name}";r={units};t={state.full_in}' for state, units in zip(told, left, strict=True)
    ]
    headers = [
        ("RateLimit-Policy", ", ".join([state.policy.header for state in told])),
        ("RateLimit", ", ".join(now)),
        ("X-RateLimit-Remaining", str(min(left))),
    ]
    if verdict.allowed:
        return Decision(200, headers)
    seconds = -(-verdict.wait // 1_000_000)
    headers.append(("Retry-After", str(seconds)))
    refusing = tuple(ask.policy.name for ask in verdict.over if not ask.policy.shadow)
    return Decision(429, headers, seconds, refusing)
