"""What a view costs: said by a decorator, or the default, one unit of `browse`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, request

from storefront.errors import StorefrontError

View = TypeVar("View", bound=Callable[..., Any])

DEFAULT = {"browse": 1}
FREE = frozenset(("static", "healthz", "readyz", "metrics", "catalog.media"))


@dataclass(frozen=True, slots=True)
class Charge:
    """What a limit is asked for by requests to a view."""

    policy: str
    cost: int | Callable[[], int]
    account: Callable[[], str] | None
    methods: Collection[str] | None
    when: Callable[[], bool] | None


def limit(
    *policies: str,
    cost: int | Callable[[], int] = 1,
    account: Callable[[], str] | None = None,
    methods: Collection[str] | None = None,
    when: Callable[[], bool] | None = None,
) -> Callable[[View], View]:
    """Declare which limits a view is under instead of one unit of `browse`; more than one decorator adds up.

        @bp.post("/account/login")
        @rate_limiting.limit("sign-in.address", "sign-in.account", account=lambda: request.form.get("email", ""))

    Args:
        policies: names of policies.
        cost: units for each of them, or what says so of the current request.
        account: returns the account that the request names, for policies by account; without one they do not ask.
        methods: only requests with these methods; others are under the default.
        when: only requests of which this is true.
    """

    def declare(view: View) -> View:
        more = tuple(Charge(policy, cost, account, methods, when) for policy in policies)
        view.rate_limits = more + getattr(view, "rate_limits", ())  # type: ignore[attr-defined]
        return view

    return declare


def charges(app: Flask) -> tuple[Mapping[str, int], str]:
    """Return what the current request costs, by policy, and the account that it names."""
    endpoint = request.endpoint
    if endpoint is None:
        return DEFAULT, ""
    if endpoint in FREE:
        return {}, ""
    declared: tuple[Charge, ...] = getattr(app.view_functions[endpoint], "rate_limits", ())
    found: dict[str, int] = {}
    account = ""
    for charge in declared:
        if charge.methods and request.method not in charge.methods:
            continue
        if charge.when and not charge.when():
            continue
        found[charge.policy] = charge.cost if isinstance(charge.cost, int) else _cost(charge.cost)
        account = account or (charge.account() if charge.account else "")
    return found or DEFAULT, account


def in_front(app: Flask, endpoint: str) -> Mapping[str, int]:
    """Return what a page costs that is answered before Flask begins: what its view is always under, a unit each."""
    declared: tuple[Charge, ...] = getattr(app.view_functions[endpoint], "rate_limits", ())
    always = {
        charge.policy: charge.cost
        for charge in declared
        if isinstance(charge.cost, int) and not (charge.account or charge.methods or charge.when)
    }
    return always or DEFAULT


def _cost(cost: Callable[[], int]) -> int:
    try:
        return cost()
    except StorefrontError:  # the view says with a page what is wrong; that costs something too
        return 1
