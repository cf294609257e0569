"""/admin/changes: who changed what, and when; with an undo where nobody has changed it since."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from storefront import shop_settings
from storefront.actors import MAX_LENGTH, parse_actor
from storefront.admin.history_lines import ACCESS, KINDS, ORDER, Cursor, read_page
from storefront.admin.pages import render_page
from storefront.change_sets import recorded_changes, scheduled_runs
from storefront.history.reading import HistoryFilter, find
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext
from storefront.rate_limiting import limit
from storefront.unicode_text import parse_digits
from storefront.web.staff_access import may, permission_required

bp = Blueprint("admin_history", __name__, cli_group=None)

PAGE = 50
_FIRST, _LAST = date(2000, 1, 1), date(8999, 12, 31)
DAYS = ("from", "to")  # the first and the last day of a filter, in the shop's time zone
_NEEDED = {ORDER: "orders:read", ACCESS: "staff:read"}  # permissions for lines of these kinds
ACTORS = {
    "staff": lazy_gettext("staff"),
    "token": lazy_gettext("API tokens"),
    "import": lazy_gettext("imports"),
    "command": lazy_gettext("commands"),
    "provider": lazy_gettext("payment providers"),
    "system": lazy_gettext("the shop itself"),
}


@bp.get("/admin/changes")
@limit("staff")
@permission_required("changes:read")
def all_changes() -> Response:
    """List changes, newest first."""
    return _page()


@bp.post("/admin/changes/<int:number>/undo")
@limit("staff")
@permission_required("catalog:write")
def undo(number: int) -> Response:
    """Put the old values back, as a change set of one product."""
    change = find(number) or abort(404)
    planned = recorded_changes.plan_undo(change, _("Undo of a change of %(name)s", name=change.name))
    if planned is None:
        return _page(_("It cannot be undone: what was changed no longer exists."), 409)
    scheduled_runs.start(planned, "apply")
    return redirect(url_for("admin_change_sets.show", number=planned, said="applied"), 303)


def _page(problem: str | None = None, status: int = 200) -> Response:
    values = _typed(request.args)
    page = read_page(_read_filter(values), _read_cursor(request.args.get("before", "")), PAGE)
    return render_page(
        "changes/changes.html",
        status,
        page=page,
        following=_write_cursor(page.following) if page.following else None,
        values=values,
        kinds={key: text for key, text in KINDS.items() if key not in _NEEDED or may(_NEEDED[key])},
        actors=ACTORS,
        problem=problem,
    )


def _typed(arguments: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of the filter that mean something."""
    found = {}
    product, who, kind = (arguments.get(name, "") for name in ("product", "who", "kind"))
    if parse_digits(product, most_digits=9) is not None:
        found["product"] = product
    if who in ACTORS or (len(who) <= MAX_LENGTH and ":" in who and parse_actor(who)):
        found["who"] = who
    if kind in KINDS:
        found["kind"] = kind
    one_day = arguments.get("day", "")  # in links of earlier releases
    days = {name: arguments.get(name) or one_day for name in DAYS}
    return found | {name: day for name, day in days.items() if _read_day(day)}


def _read_filter(values: Mapping[str, str]) -> HistoryFilter:
    first, last = (_read_day(values.get(name, "")) for name in DAYS)
    since = until = None
    if first or last:
        days = first or _FIRST, (last or _LAST) + timedelta(days=1)
        since, until = (
            datetime.combine(day, time(), ZoneInfo(shop_settings.current().timezone)) for day in days
        )
    who = values.get("who", "")
    is_kind = who in ACTORS
    return HistoryFilter(
        actor_kind=who * is_kind,
        actor=who * (not is_kind),
        kind=values.get("kind", ""),
        product_id=int(values["product"]) if "product" in values else None,
        since=since,
        until=until,
    )


def _read_day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if _FIRST <= day <= _LAST else None


def _read_cursor(text: str) -> Cursor:
    """Return the place in an address: the numbers of `Cursor`, such as "12-30-7"; a single one is of an old link."""
    parts = [*text.split("-"), "", ""][:3]
    return Cursor(*(parse_digits(part, most_digits=9) for part in parts))


def _write_cursor(cursor: Cursor) -> str:
    ends = (cursor.recorded, cursor.order, cursor.access)
    return "-".join("" if one is None else str(one) for one in ends)
