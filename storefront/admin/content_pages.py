"""/admin/pages: the merchant's own pages, with drafts, versions and undo."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import Blueprint, abort, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session, defer
from werkzeug.wrappers import Response

from storefront import moments
from storefront.actors import with_actor_names
from storefront.admin import content_form, content_pictures
from storefront.admin.front_page_editor import section_pictures
from storefront.admin.gate import may_upload
from storefront.admin.once_only import once_only
from storefront.admin.pages import render_page
from storefront.content import page_edits, starting_drafts
from storefront.content.models import ContentPage, ContentVersion
from storefront.content.page_edits import PageChangedError, PageEditError
from storefront.content.page_preview import preview_url
from storefront.content.page_reader import state_of
from storefront.extensions import db, write_transaction
from storefront.rate_limiting import limit
from storefront.web.body_limits import receives_upload
from storefront.web.forms import Form
from storefront.web.staff_access import permission_required

bp = Blueprint("admin_content", __name__, cli_group=None)

MOST_PAGES, MOST_VERSIONS = 500, 50  # that the lists show


@bp.get("/admin/pages")
@limit("staff")
@permission_required("content:read")
def all_pages() -> Response:
    """List the pages."""
    query = (
        select(ContentPage).options(defer(ContentPage.body_html)).order_by(ContentPage.title, ContentPage.id)
    )
    pages = db.session.execute(query.limit(MOST_PAGES)).scalars().all()
    missing = [title for kind, title in starting_drafts.DRAFTS.items() if kind not in {p.kind for p in pages}]
    return render_page(
        "content/pages.html", pages=[(page, state_of(page)) for page in pages], missing=missing
    )


@bp.post("/admin/pages/drafts")
@limit("staff")
@permission_required("content:write")
def add_drafts() -> Response:
    """Add the drafts of the legal pages that the shop does not have yet."""
    with write_transaction() as session:
        starting_drafts.add_missing(session)
    return redirect(url_for("admin_content.all_pages", said="saved"), 303)


@bp.get("/admin/pages/new")
@limit("staff")
@permission_required("content:write")
def new() -> Response:
    """Show the form of a new page."""
    return _page(None, Form())


@bp.post("/admin/pages/new")
@bp.post("/admin/uploads/pages/new")
@receives_upload(partial(may_upload, "content:write"))
@limit("staff")
@permission_required("content:write")
@once_only
def create() -> Response:
    """Make a page."""
    form = Form(request.form)
    values = content_form.read_values(form, None)
    return _save(None, form, lambda session: page_edits.create(session, values))


@bp.get("/admin/pages/<int:page_id>")
@limit("staff")
@permission_required("content:read")
def show(page_id: int) -> Response:
    """Show the form of a page, with its versions."""
    return _page(_find(page_id), Form())


@bp.post("/admin/pages/<int:page_id>")
@bp.post("/admin/uploads/pages/<int:page_id>")
@receives_upload(partial(may_upload, "content:write"))
@limit("staff")
@permission_required("content:write")
def change(page_id: int) -> Response:
    """Save a page."""
    here, form = _find(page_id), Form(request.form)
    values, expected = content_form.read_values(form, here), form.version("made_from")
    return _save(here, form, lambda session: page_edits.change(session, page_id, values, expected=expected))


@bp.post("/admin/pages/<int:page_id>/versions/<int:number>")
@limit("staff")
@permission_required("content:write")
def restore(page_id: int, number: int) -> Response:
    """Save a former version as the newest one."""
    here, form = _find(page_id), Form(request.form)
    expected = form.version("made_from")
    return _save(here, form, lambda session: page_edits.restore(session, page_id, number, expected=expected))


@bp.post("/admin/pages/<int:page_id>/removal")
@limit("staff")
@permission_required("content:write")
def remove(page_id: int) -> Response:
    """Delete a page with its versions."""
    here, form = _find(page_id), Form(request.form)
    try:
        with write_transaction() as session:
            page_edits.remove(session, page_id, expected=form.version("made_from"))
    except PageChangedError as error:
        form.errors[""] = str(error)
        return _page(here, form, error.status)
    return redirect(url_for("admin_content.all_pages", said="deleted"), 303)


def _save(here: ContentPage | None, form: Form, work: Callable[[Session], ContentPage]) -> Response:
    """Do the work and show the page that it returns; on an error show the form with all that was typed."""
    if form.is_sent(content_pictures.BUTTON):
        form.errors = content_pictures.errors_of(form)
        return _page(here, form, made_from=form.version("made_from"))
    if form.errors:
        return _page(here, form)
    try:
        with write_transaction() as session:
            page_id = work(session).id
    except PageEditError as error:
        form.errors[error.field] = str(error)
        return _page(here and _find(here.id), form)
    except PageChangedError as error:
        form.errors[""] = str(error)
        return _page(here and _find(here.id), form, error.status)
    return redirect(url_for("admin_content.show", page_id=page_id, said="saved"), 303)


def _page(
    here: ContentPage | None, form: Form, status: int = 200, *, made_from: int | None = None
) -> Response:
    """Return the page with the form, made from the version that is stored now, or from another one."""
    stored = content_form.write_values(here) if here else {}
    is_sent = "title" in form.values
    if not is_sent:
        form.values.update(stored)
    return render_page(
        "content/page.html",
        status,
        form=form,
        here=here,
        made_from=here.version if here and made_from is None else made_from,
        pictures=content_pictures.find_in_text(form.values.get("body_html", "")),
        sent_pictures=section_pictures.find_pictures(form.values),
        # What somebody else has saved meanwhile, beside what this person typed.
        differing={key: value for key, value in stored.items() if form.values.get(key, "") != value},
        versions=_versions(here) if here else [],
        state=state_of(here) if here else None,
        zone=moments.zone_name(),
        preview=preview_url(here.id) if here else "",
        placeholders=starting_drafts.find_placeholders(here) if here else [],
    )


def _versions(here: ContentPage) -> list[tuple[ContentVersion, str]]:
    """Return the versions, newest first, each with the name of the person who saved it."""
    query = select(ContentVersion).options(defer(ContentVersion.body_html)).limit(MOST_VERSIONS)
    query = query.where(ContentVersion.page_id == here.id).order_by(ContentVersion.number.desc())
    found = db.session.execute(query).scalars().all()
    return with_actor_names(found)


def _find(page_id: int) -> ContentPage:
    return db.session.get(ContentPage, page_id) or abort(404)
