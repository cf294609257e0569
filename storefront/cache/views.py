"""/ops/cache, for staff: hit rates, memory, the last invalidations and why, and how one address is cached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from flask import Blueprint, current_app, render_template, request
from werkzeug.wrappers import Response

from storefront import redis_roles
from storefront.cache import hit_rates, inspection
from storefront.cache.state import cache_state
from storefront.errors import StorefrontError
from storefront.i18n import gettext as _
from storefront.redis_roles import RedisUnavailable
from storefront.web.charts import Chart, draw_areas
from storefront.web.private import private_page
from storefront.web.staff_access import staff_only

bp = Blueprint("cache", __name__, cli_group=None)


@bp.get("/ops/cache")
@staff_only
def dashboard() -> Response:
    """Show the dashboard; `?url=` adds how that address is cached."""
    state = cache_state.get(current_app)
    prefix, url = current_app.config["CACHE_PREFIX"], request.args.get("url", "")[:2000]
    hour, memory, away, found, problem = None, None, None, None, None
    try:
        hour, memory = hit_rates.read_last_hour(prefix), inspection.measure_memory(prefix)
        found = inspection.inspect_url(current_app, state, url) if url else None
    except RedisUnavailable as error:
        away = str(error)
    except StorefrontError as error:
        problem = str(error)
    page = render_template(
        "ops/cache.html", hour=hour, memory=memory, away=away, url=url, found=found, problem=problem,
        roles=redis_roles.statuses(), local=state.store.l1, hit_rate=hit_rates.compute_hit_rate, hits=hit_rates.HITS,
        percentile=hit_rates.compute_percentile, lookups=_chart(hour.minutes) if hour else None,
    )  # fmt: skip
    return private_page(page)


def _chart(minutes: Sequence[Counter[str]]) -> Chart:
    hits = [sum(minute[name] for name in hit_rates.HITS) for minute in minutes]
    built = [minute["miss"] + minute["alone"] + minute["away"] for minute in minutes]
    values = {_("Answered from the cache"): hits, _("Built"): built}
    return draw_areas(_("Look-ups in the cache"), _("a minute"), values)
