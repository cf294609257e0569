"""Decisions about requests, and their response headers (draft-ietf-httpapi-ratelimit-headers)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from storefront.rate_limiting.gcra import Verdict

ResponseHeader = tuple[str, str]


class Decision(NamedTuple):
    """Whether a request passes.

    Attributes:
        status: 200: it passes; 429: too many requests; 403: its network is denied.
        headers: for its response, whatever that is.
        retry_after: seconds until the same request passes, rounded up; 0 if it passes now.
        policies: the names of the policies that refuse it.
    """

    status: Literal[200, 403, 429] = 200
    headers: Sequence[ResponseHeader] = ()
    retry_after: int = 0
    policies: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether the request passes."""
        return self.status == 200


UNLIMITED = Decision()
DENIED = Decision(403)


def build_decision(verdict: Verdict) -> Decision:
    """Return the decision for a verdict. It names no policy in shadow mode, and that of a /48 only if it refuses."""
    # Most requests are far from every limit, and this function is a large part of what a cached page costs.
    refusing = (
        tuple(hit.policy.name for hit in verdict.exceeded if not hit.policy.shadow)
        if verdict.exceeded
        else ()
    )
    shown = [
        state
        for state in verdict.states
        if not (state.policy.shadow or (state.policy.is_of_site and state.policy.name not in refusing))
    ]
    if not shown:
        return UNLIMITED
    remaining = [state.remaining for state in shown]
    limits = [
        f'"{state.policy.name}";r={units};t={state.reset_after}'
        for state, units in zip(shown, remaining, strict=True)
    ]
    headers = [
        ("RateLimit-Policy", ", ".join([state.policy.header for state in shown])),
        ("RateLimit", ", ".join(limits)),
        ("X-RateLimit-Remaining", str(min(remaining))),
    ]
    if not verdict.wait:
        return Decision(200, headers)
    seconds = -(-verdict.wait // 1_000_000)
    headers.append(("Retry-After", str(seconds)))
    return Decision(429, headers, seconds, refusing)
