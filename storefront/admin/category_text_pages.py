"""/admin/categories/ID/texts: the description of a category, and what search engines show of its page."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, abort, redirect, request, url_for
from sqlalchemy.orm import undefer
from werkzeug.wrappers import Response

from storefront.admin.pages import render_page
from storefront.catalog import category_texts, html_sanitiser
from storefront.catalog.category_edits import CategoryChangedError, CategoryEditError
from storefront.catalog.category_texts import CategoryTexts
from storefront.catalog.models import ROOT_PATH, Category
from storefront.extensions import db, write_transaction
from storefront.i18n import gettext as _
from storefront.rate_limiting import limit
from storefront.web.forms import Form
from storefront.web.staff_access import permission_required

bp = Blueprint("admin_category_texts", __name__, cli_group=None)


@bp.get("/admin/categories/<int:category_id>/texts")
@limit("staff")
@permission_required("catalog:read")
def show(category_id: int) -> Response:
    """Show the texts of a category."""
    here = _find(category_id)
    return _page(here, Form(values=asdict(category_texts.texts_of(here))))


@bp.post("/admin/categories/<int:category_id>/texts")
@limit("staff")
@permission_required("catalog:write")
def change(category_id: int) -> Response:
    """Save the texts of a category."""
    here, form = _find(category_id), Form(request.form)
    texts = _read(form)
    if form.errors:
        return _page(here, form)
    try:
        with write_transaction() as session:
            category_texts.change_texts(session, here.id, texts, expected=form.typed("made_from"))
    except (CategoryEditError, CategoryChangedError) as error:
        form.errors[""] = str(error)
        return _page(_find(category_id), form, error.status)
    return redirect(url_for("admin_category_texts.show", category_id=category_id, said="saved"), 303)


def _read(form: Form) -> CategoryTexts:
    html = form.lines("description_html", most=html_sanitiser.MAX_LENGTH * 2)
    return CategoryTexts(
        html,
        form.text("seo_title", _("a title"), most=category_texts.MAX_SEO_TITLE, required=False),
        form.text(
            "seo_description", _("a description"), most=category_texts.MAX_SEO_DESCRIPTION, required=False
        ),
    )


def _page(here: Category, form: Form, status: int = 200) -> Response:
    stored = asdict(category_texts.texts_of(here))
    return render_page(
        "categories/texts.html",
        status,
        form=form,
        here=here,
        # What somebody else has saved meanwhile, beside what this person typed.
        differing={key: value for key, value in stored.items() if form.values[key] != value},
        version=category_texts.version_of_texts(here),
    )


def _find(category_id: int) -> Category:
    found = db.session.get(Category, category_id, options=[undefer(Category.description_html)])
    if found is None or found.path == ROOT_PATH:
        abort(404)
    return found
