"""/admin/system: charts and figures of all workers on one page, for staff."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from flask import Blueprint, current_app, render_template
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from storefront import __version__, redis_roles
from storefront.cache import hit_rates
from storefront.checkout.models import Order
from storefront.extensions import db
from storefront.i18n import gettext as _
from storefront.ops import metrics, minute_figures
from storefront.ops.system_texts import translate_system_text
from storefront.rate_limiting import limit
from storefront.redis_roles import RedisUnavailable
from storefront.web.charts import Chart, draw_lines
from storefront.web.health import readiness_checks
from storefront.web.private import private_page
from storefront.web.staff_access import permission_required
from storefront.web.theme import current_theme

bp = Blueprint("ops", __name__, cli_group=None)


@bp.get("/admin/system")
@permission_required("system:read")
@limit("staff")
def dashboard() -> Response:
    """Show charts of the last hour and the state of each service."""
    charts, away = _charts()
    page = render_template(
        "admin/system/overview.html",
        charts=charts,
        away=away,
        services=[
            (translate_system_text(name), translate_system_text(check.problem() or "ok"))
            for name, check in readiness_checks.get(current_app).items()
        ],
        open_in=metrics.breakers(),
        roles=redis_roles.statuses(),
        figures=metrics.figures(),
        version=__version__,
        theme_faults=current_theme(current_app).problems,
    )
    return private_page(page)


def _charts() -> tuple[list[Chart], str | None]:
    """Return the charts and, if Redis does not answer, the reason why most of them are missing."""
    orders = draw_lines(_("Orders"), _("a minute"), {_("Placed"): _orders()})
    prefix = current_app.config["CACHE_PREFIX"]
    try:
        minutes, cached = minute_figures.last_hour(prefix), hit_rates.read_last_hour(prefix).minutes
    except RedisUnavailable as error:
        return [orders], str(error)
    return [
        draw_lines(
            _("Requests"),
            _("a minute"),
            {
                _("All"): [sum(minute.requests.values()) for minute in minutes],
                _("Refused or not found"): [minute.requests["4xx"] for minute in minutes],
                _("Failed"): [minute.requests["5xx"] for minute in minutes],
            },
        ),
        draw_lines(
            _("Response time"),
            "ms",
            {
                f"p{share:.0f}": [minute.percentile(share / 100) for minute in minutes]
                for share in (50, 95, 99)
            },
        ),
        draw_lines(_("Answered from the cache"), "%", {_("Hit rate"): _rates(cached)}, top=100),
        draw_lines(
            _("Open pages with live stock"), _("open"), {_("Streams"): [minute.streams for minute in minutes]}
        ),
        orders,
        draw_lines(
            _("Redis memory of the cache"), "MB", {_("Used"): [m.memory / 1e6 or None for m in minutes]}
        ),
    ], None


def _rates(minutes: Sequence[Counter[str]]) -> list[float | None]:
    rates = (hit_rates.compute_hit_rate(minute) for minute in minutes)
    return [None if rate is None else rate * 100 for rate in rates]


def _orders() -> list[int]:
    """Return the number of orders in each of the last 60 minutes; zeros if the database does not answer."""
    now = datetime.now(UTC)
    try:
        placed = db.session.execute(
            select(Order.placed_at).where(Order.placed_at > now - timedelta(minutes=minute_figures.MINUTES))
        ).scalars()
        ages = Counter(int((now - at).total_seconds() // 60) for at in placed)
    except SQLAlchemyError:
        return [0] * minute_figures.MINUTES
    return [ages[age] for age in reversed(range(minute_figures.MINUTES))]
