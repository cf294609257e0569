"""/ops/limits: the clients refused in the last day, by policy and number, for staff."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template
from werkzeug.wrappers import Response

from storefront.rate_limiting.declarations import limit
from storefront.rate_limiting.engine import rate_limits
from storefront.redis_roles import RedisUnavailable
from storefront.web.private import private_page
from storefront.web.staff_access import staff_only

bp = Blueprint("rate_limiting", __name__, cli_group=None)


@bp.get("/ops/limits")
@staff_only
@limit("staff")
def dashboard() -> Response:
    """Show the report of `flask limits report` as a page."""
    limits = rate_limits.get(current_app)
    report, away = None, None
    try:
        report = limits.statistics.read_report()
    except RedisUnavailable as error:
        away = str(error)
    page = render_template("ops/limits.html", policies=limits.policies, report=report, away=away)
    return private_page(page)
