"""Rate limits: a table of named policies, decided in Redis, from memory where that is exact enough.

Views say what they cost with `limit`; without it a request costs one unit of `browse`. How it works and what it
promises is written in docs/rate-limits.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, current_app, g, request

from storefront.rate_limiting import cli, declarations, views
from storefront.rate_limiting.decision import UNLIMITED, Decision
from storefront.rate_limiting.declarations import limit
from storefront.rate_limiting.engine import Limits
from storefront.rate_limiting.identity import Identify
from storefront.rate_limiting.refusals import Refusals

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = ["OWN", "Decision", "Limits", "admit", "at_once", "identify", "in_front_of", "init_app", "limit"]

DECIDED = "storefront.rate_limiting.decision"  # in the environ: the layer in front of Flask has asked already
OWN = {DECIDED: UNLIMITED}  # in the environ of a request that the shop makes of itself


def init_app(app: Flask) -> None:
    """Decide about every request before the hooks that are registered after this.

    Raises:
        ConfigurationError: a setting names no policy, no rate or no network.
    """
    limits = Limits(app)
    app.cli.add_command(cli.limits)
    app.register_blueprint(views.bp)
    app.extensions["rate_limiting"] = limits
    refusals = Refusals(app)
    if not app.config["LIMITS"]:
        return

    @app.before_request
    def enforce() -> Response | None:
        decided: Decision | None = request.environ.get(DECIDED)
        if decided is None:
            decided = limits.admit(request.environ, *declarations.charges(app))
        g.rate_limit = decided
        return None if decided.allowed else refusals.response(decided)

    @app.after_request
    def tell(response: Response) -> Response:
        decided: Decision | None = g.get("rate_limit")
        for name, value in decided.headers if decided else ():
            response.headers[name] = value
        return response


def in_front_of(app: Flask) -> Callable[[WSGIEnvironment, str], Decision]:
    """Return what decides about a page that is answered before Flask begins, given the request and its endpoint.

    If it refuses, hand the request on: the hook does not decide again, and answers.
    """
    limits: Limits = app.extensions["rate_limiting"]
    if not app.config["LIMITS"]:
        return lambda _environ, _endpoint: UNLIMITED
    charges = cache(partial(declarations.in_front, app))

    def decide(environ: WSGIEnvironment, endpoint: str) -> Decision:
        decided: Decision | None = environ.get(DECIDED)
        if decided is None:
            decided = environ[DECIDED] = limits.admit(environ, charges(endpoint), held=True)
        return decided

    return decide


def at_once(app: Flask) -> Callable[[WSGIEnvironment, str], Decision | None]:
    """Return the same for who cannot wait: it says None where Redis has to be asked, or the request is refused."""
    limits: Limits = app.extensions["rate_limiting"]
    if not app.config["LIMITS"]:
        return lambda _environ, _endpoint: UNLIMITED
    charges = cache(partial(declarations.in_front, app))
    return lambda environ, endpoint: limits.admit_at_once(environ, charges(endpoint))


def admit(
    charges: Mapping[str, int], environ: Mapping[str, Any] | None = None, account: str = ""
) -> Decision:
    """Decide about the current request (or another) at once, besides what its view is under.

    Args:
        charges: units by policy.
        environ: the request's WSGI environment; the current request's if not given.
        account: the account that the request names, for policies by account.
    """
    limits: Limits = current_app.extensions["rate_limiting"]
    return limits.admit(request.environ if environ is None else environ, charges, account)


def identify(app: Flask, who: Identify) -> None:
    """Name who knows signed-in shoppers, or API tokens; of several, the one that was named last is asked first.

    Args:
        app: the application.
        who: given a WSGI environment, returns an id such as "shopper:12" or "token:7", or None. It must believe
            nothing that a client can make up, since each id has a budget of its own. Asked once for each limit by
            client, so it has to be quick; there is no request context in front of Flask.
    """
    limits: Limits = app.extensions["rate_limiting"]
    limits.identify.insert(0, who)
