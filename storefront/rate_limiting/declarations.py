"""The cost of a view: declared by a decorator, or the default, one unit of `browse`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, request

from storefront.errors import StorefrontError

View = TypeVar("View", bound=Callable[..., Any])

DEFAULT_COSTS = {"browse": 1}
# By endpoint: Flask serves them without a view that could use `limit`.
FREE_STATIC_FILES: Mapping[str, Mapping[str, int]] = {"static": {}}


@dataclass(frozen=True, slots=True)
class LimitDeclaration:
    """One policy that a view is under; the arguments of `limit`."""

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
    """Declare the policies of a view instead of one unit of `browse`; several decorators add up.

        @bp.post("/account/login")
        @rate_limiting.limit("sign-in.address", "sign-in.account", account=lambda: request.form.get("email", ""))

    Args:
        policies: names of policies.
        cost: units of each of them, or a function that returns them for the current request.
        account: returns the account that the request names. Without it, policies by account do not apply.
        methods: only requests with these methods count; the default applies to others.
        when: only requests for which this returns true count.
    """

    def declare(view: View) -> View:
        declared = tuple(LimitDeclaration(policy, cost, account, methods, when) for policy in policies)
        view.rate_limits = declared + getattr(view, "rate_limits", ())  # type: ignore[attr-defined]
        return view

    return declare


def current_costs(
    app: Flask, endpoint_costs: Mapping[str, Mapping[str, int]]
) -> tuple[Mapping[str, int], Callable[[], str] | None]:
    """Return the current request's cost in units by policy, and the function that reads its account from the form.

    The function is None if no policy needs an account. `endpoint_costs` come before the declarations of views.
    """
    endpoint = request.endpoint
    if endpoint is None:
        return DEFAULT_COSTS, None
    if endpoint in endpoint_costs:
        return endpoint_costs[endpoint], None
    declared: tuple[LimitDeclaration, ...] = getattr(app.view_functions[endpoint], "rate_limits", ())
    costs: dict[str, int] = {}
    account: Callable[[], str] | None = None
    for one in declared:
        if one.methods and request.method not in one.methods:
            continue
        if one.when and not one.when():
            continue
        costs[one.policy] = one.cost if isinstance(one.cost, int) else _evaluate_cost(one.cost)
        account = account or one.account
    return costs or DEFAULT_COSTS, account


def fast_path_costs(app: Flask, endpoint: str) -> Mapping[str, int]:
    """Return the cost of a page that is answered in front of Flask: the policies that its view is always under."""
    declared: tuple[LimitDeclaration, ...] = getattr(app.view_functions[endpoint], "rate_limits", ())
    always = {
        one.policy: one.cost
        for one in declared
        if isinstance(one.cost, int) and not (one.account or one.methods or one.when)
    }
    return always or DEFAULT_COSTS


def _evaluate_cost(cost: Callable[[], int]) -> int:
    try:
        return cost()
    except StorefrontError:  # the view answers with an error page, which has a cost, too
        return 1
