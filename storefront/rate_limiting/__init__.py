"""Rate limits: a table of named policies, decided in Redis, or in memory where that is exact enough.

A view declares its policies with `limit`; without it a request costs one unit of `browse`. docs/rate-limits.md says
how the limits work and what they promise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, current_app, g, request

from storefront.rate_limiting import declarations, report, sql_windows
from storefront.rate_limiting.decision import UNLIMITED, Decision
from storefront.rate_limiting.declarations import limit
from storefront.rate_limiting.engine import RateLimitEngine, rate_limits
from storefront.rate_limiting.identity import ClientAddress, ClientCounts, Identifier, site_of
from storefront.rate_limiting.policies import BASE_POLICIES, Policy, create_policy
from storefront.rate_limiting.refusals import RefusalResponses
from storefront.web import body_limits, same_origin, shared_caches

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = [
    "BASE_POLICIES",
    "UNLIMITED_ENVIRON",
    "ClientAddress",
    "ClientCounts",
    "Decision",
    "address_digest",
    "client_address",
    "create_fast_path_check",
    "create_nonblocking_check",
    "create_policy",
    "create_refusal_check",
    "hit",
    "identify",
    "init_account_limits",
    "init_app",
    "limit",
    "read_address",
    "register_identifier",
    "site_of",
]

# In the WSGI environment: the decision of the layer in front of Flask, which the hook does not repeat.
DECISION_KEY = "storefront.rate_limiting.decision"
_ACCOUNT_COSTS = "storefront.rate_limiting.account_costs"  # what the second decision needs
# For requests that the app makes of itself.
UNLIMITED_ENVIRON = {DECISION_KEY: UNLIMITED}


def init_app(
    app: Flask,
    policies: Iterable[Policy] = (),
    endpoint_costs: Mapping[str, Mapping[str, int]] = declarations.FREE_STATIC_FILES,
    reserved: Iterable[str] = (),
) -> None:
    """Decide about each request before the hooks that are registered after this call, without reading its body.

    Args:
        app: the application.
        policies: its own, made with `create_policy`; views without a declaration are under `browse`.
        endpoint_costs: units by policy of views that cannot use `limit`, by endpoint; {} is free.
        reserved: how names of policies begin that are added later (`rate_limits`), and that settings may name.

    Raises:
        ConfigurationError: a setting names an unknown policy, or holds an invalid rate or network.
    """
    limits = RateLimitEngine(app, policies, reserved)
    app.cli.add_command(report.limits)
    app.register_blueprint(report.bp)
    rate_limits.set(app, limits)
    refusals, is_shared = RefusalResponses(app), shared_caches.create_check(app)
    if not app.config["LIMITS"]:
        return

    @app.before_request
    def enforce() -> Response | None:
        decision: Decision | None = request.environ.get(DECISION_KEY)
        if decision is None:
            costs, read_account = declarations.current_costs(app, endpoint_costs)
            if same_origin.is_refused(request.environ) or body_limits.is_too_large():
                # The hooks that follow refuse it. It counts as a page: a refusal must not need a call of Redis.
                costs, read_account = declarations.DEFAULT_COSTS, None
            if read_account is not None:
                request.environ[_ACCOUNT_COSTS] = costs, read_account
            decision = limits.hit(request.environ, costs, spend=read_account is None)
        g.rate_limit = decision
        return None if decision.allowed else refusals.build_response(decision)

    @app.after_request
    def add_headers(response: Response) -> Response:
        decision: Decision | None = g.get("rate_limit")
        if decision and not shared_caches.enters_shared_cache(is_shared, response):
            response.headers.update(decision.headers)
        return response


def init_account_limits(app: Flask) -> None:
    """Decide about requests under policies by account; this reads their forms, so register it after other checks."""
    limits, refusals = rate_limits.get(app), RefusalResponses(app)
    if not app.config["LIMITS"]:
        return

    @app.before_request
    def enforce_by_account() -> Response | None:
        if _ACCOUNT_COSTS not in request.environ:
            return None
        costs, read_account = request.environ[_ACCOUNT_COSTS]
        decision = g.rate_limit = limits.hit(request.environ, costs, read_account())
        return None if decision.allowed else refusals.build_response(decision)


def create_fast_path_check(app: Flask) -> Callable[[WSGIEnvironment, str], Decision]:
    """Return the function that decides about a page that is answered in front of Flask.

    It takes the WSGI environment and the page's endpoint. If it refuses, pass the request on to Flask: the hook uses
    the same decision, and builds the response.
    """
    limits = rate_limits.get(app)
    if not app.config["LIMITS"]:
        return lambda _environ, _endpoint: UNLIMITED
    costs = cache(partial(declarations.fast_path_costs, app))

    def decide(environ: WSGIEnvironment, endpoint: str) -> Decision:
        decision: Decision | None = environ.get(DECISION_KEY)
        if decision is None:
            decision = environ[DECISION_KEY] = limits.hit(environ, costs(endpoint), fast_path=True)
        return decision

    return decide


def create_refusal_check(app: Flask) -> Callable[[WSGIEnvironment], Decision]:
    """Return the function that decides about a request that will be refused in any case: it counts as a page."""
    limits = rate_limits.get(app)
    if not app.config["LIMITS"]:
        return lambda _environ: UNLIMITED

    def decide(environ: WSGIEnvironment) -> Decision:
        decision: Decision | None = environ.get(DECISION_KEY)
        if decision is None:
            decision = environ[DECISION_KEY] = limits.hit(environ, declarations.DEFAULT_COSTS)
        return decision

    return decide


def create_nonblocking_check(app: Flask) -> Callable[[WSGIEnvironment, str], Decision | None]:
    """Return a function like that of `create_fast_path_check` that never blocks.

    It returns None if Redis must be asked, or if the request would be refused.
    """
    limits = rate_limits.get(app)
    if not app.config["LIMITS"]:
        return lambda _environ, _endpoint: UNLIMITED
    costs = cache(partial(declarations.fast_path_costs, app))
    return lambda environ, endpoint: limits.hit_without_waiting(environ, costs(endpoint))


def hit(costs: Mapping[str, int], environ: Mapping[str, Any] | None = None, account: str = "") -> Decision:
    """Decide about the current request (or another) at once, in addition to its view's policies.

    Args:
        costs: units by policy.
        environ: the request's WSGI environment; the current request's if not given.
        account: the account that the request names, for policies by account.
    """
    return rate_limits.get(current_app).hit(request.environ if environ is None else environ, costs, account)


def client_address(environ: Mapping[str, Any]) -> ClientAddress:
    """Return the address that a request counts for."""
    return rate_limits.get(current_app).addresses.read_environ(environ)


def address_digest(environ: Mapping[str, Any]) -> str | None:
    """Return a keyed digest of the address that a request counts for; None if the address is unknown.

    Clients without a known address are not counted together: one of them could use up the budget of all the others.
    """
    address = client_address(environ)
    return sql_windows.digest(f"address:{address.name}") if address.is_known else None


def read_address(app: Flask, text: str) -> ClientAddress:
    """Return the client of an address, as `client_address` does for a request."""
    return rate_limits.get(app).addresses.read_environ({"REMOTE_ADDR": text})


def identify(environ: Mapping[str, Any]) -> str | None:
    """Return the id of the signed-in user or API token of a request, such as "user:12"; None without one."""
    identifiers = rate_limits.get(current_app).identifiers
    return next((found for identifier in identifiers if (found := identifier(environ))), None)


def register_identifier(app: Flask, identifier: Identifier) -> None:
    """Register a function that recognises signed-in users or API tokens; the last registered is asked first.

    Args:
        app: the application.
        identifier: given a WSGI environment, returns an id such as "user:12" or "token:7", or None. It must not
            trust anything that a client can make up, since each id has a budget of its own. It is called once for
            each policy by client and has to be quick; in front of Flask there is no request context.
    """
    rate_limits.get(app).identifiers.insert(0, identifier)
