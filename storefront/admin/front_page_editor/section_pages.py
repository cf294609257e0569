"""The page of one section: its form, with the preview of the draft beside it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import Blueprint, abort, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront import moments
from storefront.admin.front_page_editor import section_form
from storefront.admin.front_page_editor.front_page_pages import allow_preview, read_sections
from storefront.admin.front_page_editor.section_pictures import find_pictures
from storefront.admin.gate import may_upload
from storefront.admin.once_only import once_only
from storefront.admin.pages import render_page
from storefront.content.front_page import front_page_edits as edits
from storefront.content.front_page import page_sections
from storefront.content.front_page.front_page_views import preview_url
from storefront.content.front_page.models import FrontPage
from storefront.content.front_page.page_sections import PageSection
from storefront.content.page_edits import PageChangedError, PageEditError
from storefront.extensions import write_transaction
from storefront.rate_limiting import limit
from storefront.web.body_limits import receives_upload
from storefront.web.forms import Form
from storefront.web.staff_access import permission_required

bp = Blueprint("admin_front_page_sections", __name__, cli_group=None)

STARTING_VALUES = {"count": "4", "source": "newest", "side": "start"}
# Of the fields that tell what somebody else has saved meanwhile.
COMPARED = ("heading", "text", "author", "button", "link", "body_html", "side", "source", "count")


@bp.get("/admin/front-page/new/<kind>")
@limit("staff")
@permission_required("content:write")
def new(kind: str) -> Response:
    """Show the form of a new section."""
    return _page(Form(values=STARTING_VALUES), _known(kind), None)


@bp.post("/admin/uploads/front-page/new/<kind>")
@receives_upload(partial(may_upload, "content:write"))
@limit("staff")
@permission_required("content:write")
@once_only
def create(kind: str) -> Response:
    """Add a section at the end."""
    form = Form(request.form)
    section = section_form.read_section(form, _known(kind), page_sections.new_id())
    return _save(form, kind, None, section, edits.add)


@bp.get("/admin/front-page/sections/<section_id>")
@limit("staff")
@permission_required("content:read")
def show(section_id: str) -> Response:
    """Show the form of a section."""
    here = _find(section_id)
    return _page(Form(values=section_form.values_of(here)), page_sections.kind_of(here), here)


@bp.post("/admin/uploads/front-page/sections/<section_id>")
@receives_upload(partial(may_upload, "content:write"))
@limit("staff")
@permission_required("content:write")
def change(section_id: str) -> Response:
    """Save a section."""
    here, form = _find(section_id), Form(request.form)
    kind, expected = page_sections.kind_of(here), form.typed("made_from")
    section = section_form.read_section(form, kind, section_id)
    return _save(form, kind, here, section, partial(edits.change, expected=expected))


def _save(
    form: Form,
    kind: str,
    here: PageSection | None,
    section: PageSection | None,
    work: Callable[[Session, PageSection], FrontPage],
) -> Response:
    """Do the work with the section and show it; on an error show the form with all that was typed."""
    if section is None:
        return _page(form, kind, here)
    try:
        with write_transaction() as session:
            work(session, section)
    except (PageEditError, PageChangedError) as error:
        form.errors[""] = str(error)
        return _page(form, kind, here and _find(here.id), error.status)
    address = url_for("admin_front_page_sections.show", section_id=section.id, said="saved")
    return redirect(address, 303)


def _page(form: Form, kind: str, here: PageSection | None, status: int = 200) -> Response:
    stored = section_form.values_of(here) if here else {}
    response = render_page(
        "front-page/section.html",
        status,
        form=form,
        kind=kind,
        kind_name=page_sections.KIND_NAMES[kind],
        here=here,
        version=page_sections.version_of(here) if here else "",
        differing={
            name: stored[name] for name in COMPARED if here and form.values.get(name, "") != stored[name]
        },
        sources=section_form.SOURCES,
        sides=section_form.SIDES,
        places={name: section_form.list_places(name) for name in ("category", "collection")}
        if kind == "products"
        else {},
        pictures=find_pictures(form.values),
        grid_prefixes=section_form.GRID_PREFIXES,
        preview=preview_url(),
        zone=moments.zone_name(),
    )
    return allow_preview(response)


def _find(section_id: str) -> PageSection:
    return next((each for each in read_sections() if each.id == section_id), None) or abort(404)


def _known(kind: str) -> str:
    return kind if kind in page_sections.KINDS else abort(404)
