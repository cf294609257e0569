"""The page of the front page: its sections in order, what is published, the preview and the versions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Blueprint, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session, defer
from werkzeug.wrappers import Response

from storefront.actors import with_actor_names
from storefront.admin.pages import render_page
from storefront.admin.sent_places import read_places
from storefront.content.front_page import front_page_draft, page_sections
from storefront.content.front_page import front_page_edits as edits
from storefront.content.front_page.front_page_views import preview_url
from storefront.content.front_page.models import ONLY_ID, FrontPage, FrontPageVersion
from storefront.content.front_page.page_sections import PageSection
from storefront.content.front_page.present_page import copy_present_page
from storefront.content.page_edits import PageChangedError, PageEditError
from storefront.extensions import db, write_transaction
from storefront.rate_limiting import limit
from storefront.unicode_text import read_whole_number
from storefront.web.common_headers import FRAMING_POLICY
from storefront.web.forms import Form
from storefront.web.staff_access import permission_required

bp = Blueprint("admin_front_page", __name__, cli_group=None)

MOST_VERSIONS = 50  # that the page lists


@bp.get("/admin/front-page")
@limit("staff")
@permission_required("content:read")
def show() -> Response:
    """Show the sections of the draft."""
    return render_front_page(Form())


@bp.post("/admin/front-page/start")
@limit("staff")
@permission_required("content:write")
def start() -> Response:
    """Begin the draft: like the present page, or empty."""
    sections = copy_present_page() if request.form.get("from") == "present" else ()
    return save(lambda session: front_page_draft.start(session, sections))


@bp.post("/admin/front-page/order")
@limit("staff")
@permission_required("content:write")
def order() -> Response:
    """Save the order of the sections."""
    form, sections = Form(request.form), read_sections()
    places = read_places(form, [each.id for each in sections])
    if form.errors:
        return render_front_page(form)
    return save(lambda session: edits.order(session, places, expected=form.typed("made_from")))


@bp.post("/admin/front-page/sections/<section_id>/hiding")
@limit("staff")
@permission_required("content:write")
def hide(section_id: str) -> Response:
    """Hide a section, or show it again; the pressed button says which of them."""
    wanted, expected = request.form.get("wanted"), _version_of(section_id)
    hidden = wanted != "show"
    return save(lambda session: edits.set_hidden(session, section_id, hidden=hidden, expected=expected))


@bp.post("/admin/front-page/sections/<section_id>/removal")
@limit("staff")
@permission_required("content:write")
def remove(section_id: str) -> Response:
    """Take a section off the draft; the next page offers to put it back."""
    expected = _version_of(section_id)
    return save(
        lambda session: edits.remove(session, section_id, expected=expected), said="deleted", back=section_id
    )


@bp.post("/admin/front-page/sections/<section_id>/return")
@limit("staff")
@permission_required("content:write")
def put_back(section_id: str) -> Response:
    """Put a section back that was removed, as it was in the version that the form names."""
    number = read_whole_number(request.form.get("version", ""), most_digits=9) or 0
    return save(lambda session: edits.put_back(session, section_id, number), said="restored")


@bp.post("/admin/front-page/publication")
@limit("staff")
@permission_required("content:write")
def publish() -> Response:
    """Show the draft to everybody."""
    return save(lambda session: front_page_draft.publish(session, expected=_expected()))


@bp.post("/admin/front-page/withdrawal")
@limit("staff")
@permission_required("content:write")
def withdraw() -> Response:
    """Show everybody the page that the shop has by itself."""
    return save(lambda session: front_page_draft.withdraw(session, expected=_expected()))


@bp.post("/admin/front-page/versions/<int:number>")
@limit("staff")
@permission_required("content:write")
def restore(number: int) -> Response:
    """Make a former version the draft."""
    return save(
        lambda session: front_page_draft.restore(session, number, expected=_expected()), said="restored"
    )


def read_sections() -> tuple[PageSection, ...]:
    """Return the sections of the draft."""
    page = db.session.get(FrontPage, ONLY_ID)
    return page_sections.decode(page.draft) if page else ()


def save(work: Callable[[Session], FrontPage], said: str = "saved", back: str | None = None) -> Response:
    """Do the work and lead to the page, which offers to put `back` a section; on an error show its sentence."""
    try:
        with write_transaction() as session:
            version = work(session).version
    except (PageEditError, PageChangedError) as error:
        form = Form()
        form.errors[""] = str(error)
        return render_front_page(form, error.status)
    undo = f"&back={back}&version={version - 1}" if back else ""
    return redirect(f"{url_for('admin_front_page.show', said=said)}{undo}", 303)


def render_front_page(form: Form, status: int = 200) -> Response:
    """Return the page, with a form that was refused or an empty one."""
    page = db.session.get(FrontPage, ONLY_ID)
    sections = page_sections.decode(page.draft) if page else ()
    response = render_page(
        "front-page/front-page.html",
        status,
        form=form,
        here=page if page and page.version else None,
        draft_sections=[
            (each, page_sections.kind_of(each), page_sections.version_of(each)) for each in sections
        ],
        order_version=page_sections.version_of_order(sections),
        kind_names=page_sections.KIND_NAMES,
        is_full=len(sections) >= page_sections.MOST_SECTIONS,
        has_changes=page is not None and page.draft != page.published,
        versions=_versions() if page else [],
        changes=front_page_draft.CHANGES,
        now=datetime.now(UTC),
        preview=preview_url(),
        undo=request.args if request.method == "GET" and request.args.get("back") else None,
    )
    return allow_preview(response)


def allow_preview(response: Response) -> Response:
    """Let a page of the back office show the preview in a frame; return it."""
    response.headers["Content-Security-Policy"] = FRAMING_POLICY
    return response


def _versions() -> list[tuple[FrontPageVersion, str]]:
    """Return the versions, newest first, each with the name of the person who made it."""
    query = select(FrontPageVersion).options(defer(FrontPageVersion.sections))
    found = db.session.scalars(query.order_by(FrontPageVersion.number.desc()).limit(MOST_VERSIONS)).all()
    return with_actor_names(found)


def _expected() -> int:
    return Form(request.form).version("draft")


def _version_of(section_id: str) -> str:
    return request.form.get(f"made-{section_id}", "")
