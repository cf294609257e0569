"""/admin/imports: change sets, what each changes, and the buttons that apply, stop, undo and discard it."""

from __future__ import annotations

import io
from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from storefront import shop_settings
from storefront.actors import describe_actors
from storefront.admin.pages import render_page
from storefront.catalog_files import picture_fetches, uploads
from storefront.change_sets import scheduled_runs, store
from storefront.change_sets.comparison import compare_row
from storefront.change_sets.directions import DIRECTIONS, Verb, WrongStatusError
from storefront.change_sets.models import ChangeSet, ChangeSetRow
from storefront.change_sets.reason_texts import translate_reason
from storefront.i18n import gettext as _
from storefront.rate_limiting import limit
from storefront.sheets.writer import CsvWriter
from storefront.unicode_text import parse_digits
from storefront.web.private import mark_private
from storefront.web.staff_access import permission_required

bp = Blueprint("admin_change_sets", __name__, cli_group=None)

PAGE = 50  # change sets, and products of one
MOST_UNANSWERED = 10  # files with a question, above the first page
MOST_PROBLEMS = 50  # of each kind on the page; the CSV has all


@bp.get("/admin/imports")
@limit("staff")
@permission_required("catalog:read")
def all_change_sets() -> Response:
    """List change sets, newest first."""
    before = request.args.get("before", "")
    found = store.list_change_sets(PAGE + 1, before=_parse_position(before))
    return render_page(
        "imports/imports.html",
        change_sets=found[:PAGE],
        has_more=len(found) > PAGE,
        unanswered=[] if before else uploads.list_unanswered(MOST_UNANSWERED),
        missing=picture_fetches.count_missing(),
        most_missing=picture_fetches.MOST_COUNTED,
        fetch=picture_fetches.find_latest(),
        actors=describe_actors({one.created_by for one in found}),
    )


@bp.get("/admin/imports/<int:number>")
@limit("staff")
@permission_required("catalog:read")
def show(number: int) -> Response:
    """Show what a change set changes, by product and field, those to look at first at the top."""
    return _page(number)


@bp.get("/admin/imports/<int:number>/progress")
@limit("staff")
@permission_required("catalog:read")
def progress(number: int) -> Response:
    """Return the part of the page that says how far the work is."""
    return render_page("imports/progress.html", **_state(_find(number)))


@bp.get("/admin/imports/<int:number>/problems.csv")
@limit("staff")
@permission_required("catalog:read")
def problems(number: int) -> Response:
    """Return the refused rows and the notes as a CSV file."""
    change_set, text = _find(number), io.StringIO()
    writer = CsvWriter(text)
    writer.write_row([_("Line"), _("Column"), _("Reason"), _("Kind")])
    kinds = {"refused": _("refused"), "note": _("note")}
    for one in store.problems(change_set.id):
        writer.write_row([one.line or None, one.column, translate_reason(one.reason), kinds[one.kind]])
    response = Response(text.getvalue().encode(), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=f"problems-{number}.csv")
    return mark_private(response)


@bp.post("/admin/imports/<int:number>/application")
@limit("staff")
@permission_required("catalog:write")
def apply(number: int) -> Response:
    """Apply a change set, or go on with it."""
    return _start(number, "apply")


@bp.post("/admin/imports/<int:number>/undo")
@limit("staff")
@permission_required("catalog:write")
def undo(number: int) -> Response:
    """Undo a change set, or go on with that."""
    return _start(number, "undo")


@bp.post("/admin/imports/<int:number>/stop")
@limit("staff")
@permission_required("catalog:write")
def stop(number: int) -> Response:
    """Stop the work behind the batch that is being done."""
    scheduled_runs.stop(_find(number).id)
    return redirect(url_for("admin_change_sets.show", number=number, said="stopped"), 303)


@bp.post("/admin/imports/<int:number>/removal")
@limit("staff")
@permission_required("catalog:write")
def discard(number: int) -> Response:
    """Discard a change set that was not applied."""
    if not store.discard(_find(number).id):
        return _page(number, _("It has been applied meanwhile. Undo it to put everything back."), 409)
    return redirect(url_for("admin_change_sets.show", number=number, said="discarded"), 303)


def _start(number: int, verb: Verb) -> Response:
    _find(number)
    try:
        is_done = scheduled_runs.start(number, verb)
    except WrongStatusError:
        problem = _("Somebody else was faster: see below what became of it. Your click changed nothing.")
        return _page(number, problem, 409)
    said = DIRECTIONS[verb].done if is_done else None
    return redirect(url_for("admin_change_sets.show", number=number, said=said), 303)


def _page(number: int, problem: str | None = None, status: int = 200) -> Response:
    change_set = _find(number)
    partial = request.args.get("rows") == "left"
    found = store.read_page(number, _read_place(), limit=PAGE + 1, partial=partial)
    currency = shop_settings.current().currency
    is_applied_import = change_set.kind == "import" and change_set.status == "applied"
    people = {change_set.created_by, change_set.applied_by, change_set.undone_by} - {""}
    return render_page(
        "imports/change-set.html",
        status,
        rows=[compare_row(row, currency) for row in found[:PAGE]],
        following=_write_place(found[PAGE - 1]) if len(found) > PAGE else None,
        partial=partial,
        refused=store.problems(number, MOST_PROBLEMS + 1, kind="refused"),
        notes=store.problems(number, MOST_PROBLEMS + 1, kind="note"),
        most_problems=MOST_PROBLEMS,
        actors=describe_actors(people),
        problem=problem,
        has_missing_pictures=is_applied_import and picture_fetches.count_missing() > 0,
        **_state(change_set),
    )


def _state(change_set: ChangeSet) -> dict[str, Any]:
    """Return what the part about the progress shows."""
    states = store.states_of(change_set)
    verb = change_set.run_verb or ("undo" if change_set.status == "undoing" else "apply")
    pending = states.get("applied" if verb == "undo" else "pending", 0)
    return {
        "change_set": change_set,
        "states": states,
        "is_running": change_set.run_at is not None,
        "total": sum(states.values()),
        "finished": sum(states.values()) - pending,
    }


def _find(number: int) -> ChangeSet:
    try:
        return store.get(number)
    except store.UnknownChangeSetError:
        abort(404)


def _read_place() -> store.Place:
    """Return the place in the URL: "12" behind position 12, "!12" behind the flagged row there."""
    text = request.args.get("after", "")
    if not text:
        return store.START
    position = _parse_position(text.removeprefix("!"))
    if position is None:
        abort(404)
    return store.Place(flagged=text.startswith("!"), position=position)


def _write_place(row: ChangeSetRow) -> str:
    return f"{'!' if row.flagged else ''}{row.position}"


def _parse_position(text: str) -> int | None:
    return parse_digits(text, most_digits=9)
