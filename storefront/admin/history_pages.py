"""/admin/changes: who changed what, and when; with an undo where nobody has changed it since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from storefront import shop_settings
from storefront.actors import describe_actors
from storefront.admin.pages import render_page
from storefront.change_sets import comparison, recorded_changes, scheduled_runs
from storefront.change_sets.changes import ValueChange
from storefront.history import RecordedChange
from storefront.history.reading import HistoryFilter, find, read_changes
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext
from storefront.rate_limiting import limit
from storefront.unicode_text import parse_digits
from storefront.web.staff_access import may, permission_required

bp = Blueprint("admin_history", __name__, cli_group=None)

PAGE = 50
KINDS = {
    "product": lazy_gettext("products"),
    "variant": lazy_gettext("variants"),
    "product_image": lazy_gettext("pictures"),
    "category": lazy_gettext("categories"),
    "collection": lazy_gettext("collections"),
    "stock_item": lazy_gettext("stock settings"),
    "shop_setting": lazy_gettext("settings of the shop"),
    "change_set": lazy_gettext("imports and changes of many products"),
}
ACTORS = {
    "staff": lazy_gettext("staff"),
    "token": lazy_gettext("API tokens"),
    "import": lazy_gettext("imports"),
    "command": lazy_gettext("commands"),
    "system": lazy_gettext("the shop itself"),
}


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A change as pages show it: who did it in words, each field with both values, whether it can be undone."""

    change: RecordedChange
    who: str
    fields: Sequence[tuple[str, str, str]]
    can_be_undone: bool


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


def describe_changes(found: Sequence[RecordedChange]) -> list[HistoryLine]:
    """Return changes as pages show them; at most six queries."""
    names = recorded_changes.read_category_names(found)
    actors = describe_actors({change.actor for change in found})
    undoable = recorded_changes.find_undoable(found) if may("catalog:write") else set()
    currency = current_app.config["CURRENCY"]
    return [
        HistoryLine(change, actors[change.actor], _fields(change, names, currency), change.id in undoable)
        for change in found
    ]


def _page(problem: str | None = None, status: int = 200) -> Response:
    values = _typed(request.args)
    found = read_changes(_read_filter(values), PAGE + 1)
    return render_page(
        "changes/changes.html",
        status,
        lines=describe_changes(found[:PAGE]),
        following=found[PAGE - 1].id if len(found) > PAGE else None,
        values=values,
        kinds=KINDS,
        actors=ACTORS,
        problem=problem,
    )


def _typed(arguments: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of the filter that mean something."""
    day = arguments.get("day", "")
    numbers = {name: arguments.get(name, "") for name in ("product", "before")}
    found = {name: text for name, text in numbers.items() if parse_digits(text, most_digits=9) is not None}
    if arguments.get("who") in ACTORS:
        found["who"] = arguments["who"]
    if arguments.get("kind") in KINDS:
        found["kind"] = arguments["kind"]
    return found | ({"day": day} if _read_day(day) else {})


def _read_filter(values: Mapping[str, str]) -> HistoryFilter:
    day, since, until = _read_day(values.get("day", "")), None, None
    if day is not None:
        zone = ZoneInfo(shop_settings.current().timezone)
        since, until = (datetime.combine(each, time(), zone) for each in (day, day + timedelta(days=1)))
    return HistoryFilter(
        actor_kind=values.get("who", ""),
        kind=values.get("kind", ""),
        product_id=int(values["product"]) if "product" in values else None,
        since=since,
        until=until,
        before=int(values["before"]) if "before" in values else None,
    )


def _read_day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year < 9000 else None


def _fields(
    change: RecordedChange, names: Mapping[int, list[str]], currency: str
) -> list[tuple[str, str, str]]:
    pairs = recorded_changes.name_fields(change, names)
    return [
        (comparison.name_field(name), *comparison.compare_values(name, ValueChange(old, new), currency))
        for name, (old, new) in pairs.items()
    ]
