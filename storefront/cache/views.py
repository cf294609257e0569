"""/admin/system/cache: hit rates, memory, the last invalidations and why, and how one address is cached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from flask import Blueprint, current_app, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response

from storefront import redis_roles
from storefront.app_state import Hook
from storefront.cache import hit_rates, inspection, verified_counts
from storefront.cache.preview import PAGE_LIMITS, Preview, preview_invalidation
from storefront.cache.state import cache_state
from storefront.cache.tag_modes import is_tag
from storefront.errors import StorefrontError
from storefront.i18n import gettext as _
from storefront.i18n import quote
from storefront.rate_limiting import limit
from storefront.redis_roles import RedisUnavailable
from storefront.web.charts import Chart, draw_areas
from storefront.web.private import private_page
from storefront.web.staff_access import permission_required

# Called for each dashboard; each returns a part of the page as HTML.
panels = Hook[[], Markup]("cache.panels")
bp = Blueprint("cache", __name__, cli_group=None)


def _wants_preview() -> bool:
    return bool(request.args.get("tag"))


@bp.get("/admin/system/cache")
@permission_required("system:read")
@limit("cache-preview", when=_wants_preview)
def dashboard() -> Response:
    """Show the dashboard; `?url=` adds how that address is cached, `?tag=` the pages that carry a tag."""
    url, tag = request.args.get("url", "")[:2000], request.args.get("tag", "")[:2000]
    hour, memory, away = _read_figures(current_app.config["CACHE_PREFIX"])
    found, problem = _inspect(url) if url and not away else (None, None)
    preview, unknown = _preview(tag.split()) if tag and not away else (None, None)
    return private_page(
        render_template(
            "admin/system/cache.html",
            tag=tag,
            preview=preview,
            unknown=unknown,
            hour=hour,
            memory=memory,
            away=away,
            url=url,
            found=found,
            problem=problem,
            roles=redis_roles.statuses(),
            local=cache_state.get(current_app).store.l1,
            hit_rate=hit_rates.compute_hit_rate,
            percentile=hit_rates.compute_percentile,
            panels=panels.fire(),
            week=_read_week(current_app.config["CACHE_PREFIX"]),
            lookups=_chart(hour.minutes) if hour else None,
        )
    )


def _read_figures(prefix: str) -> tuple[hit_rates.LastHour | None, inspection.MemoryUse | None, str | None]:
    """Return the last hour and the memory; or why Redis cannot be read."""
    try:
        return hit_rates.read_last_hour(prefix), inspection.measure_memory(prefix), None
    except RedisUnavailable as error:
        return None, None, str(error)


def _read_week(prefix: str) -> verified_counts.VerifiedWeek | None:
    """Return what the truth meter found; None without Redis."""
    try:
        return verified_counts.read_week(prefix)
    except RedisUnavailable:
        return None


def _inspect(url: str) -> tuple[inspection.InspectedUrl | None, str | None]:
    """Return how an address is cached; or why that cannot be said."""
    try:
        return inspection.inspect_url(current_app, cache_state.get(current_app), url), None
    except StorefrontError as error:
        return None, str(error)


def _preview(tags: list[str]) -> tuple[Preview | None, str | None]:
    """Return the pages that carry one of the tags; or why they cannot be listed."""
    if wrong := [tag for tag in tags if not is_tag(tag)]:
        return None, _("%(tag)s is not a tag.", tag=quote(wrong[0]))
    state = cache_state.get(current_app)
    try:
        found = preview_invalidation(current_app, state, tags, PAGE_LIMITS)
    except StorefrontError as error:
        return None, str(error)
    unknown = next(filter(None, map(state.store.tag_modes.describe_unknown, tags)), None)
    return (None, unknown) if unknown and not (found.pages or found.values) else (found, None)


def _chart(minutes: Sequence[Counter[str]]) -> Chart:
    hits = [sum(minute[name] for name in hit_rates.HITS) for minute in minutes]
    built = [minute["miss"] + minute["alone"] + minute["away"] for minute in minutes]
    values = {_("Answered from the cache"): hits, _("Built"): built}
    return draw_areas(_("Look-ups in the cache"), _("a minute"), values)
