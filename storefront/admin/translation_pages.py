"""/admin/translations: the merchant's texts in the further languages, by owner; export and import of all as CSV."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Sequence
from pathlib import Path

from flask import Blueprint, abort, current_app, redirect, request, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from storefront.admin.pages import render_page
from storefront.admin.translation_form import TranslationForm
from storefront.extensions import db, write_transaction
from storefront.i18n import gettext as _
from storefront.languages import Language
from storefront.rate_limiting import limit
from storefront.sheets.errors import UnreadableFileError
from storefront.sheets.writer import CsvWriter
from storefront.text_translations import SourceKind, SourceTexts, translation_file
from storefront.text_translations.models import TextTranslation
from storefront.text_translations.sources import find_kind, list_kinds
from storefront.text_translations.translation_edits import TranslationsChangedError, read_texts, save_texts
from storefront.web.forms import Form
from storefront.web.language_routes import list_languages
from storefront.web.private import mark_private
from storefront.web.staff_access import may, permission_required

bp = Blueprint("admin_translations", __name__, cli_group=None)

MOST_REFUSED = 50  # rows that the page names


@bp.get("/admin/translations")
@limit("staff")
@permission_required("content:read")
def overview() -> Response:
    """Show the further languages, how many texts are translated into each, and the files."""
    return _overview(Form())


@bp.post("/admin/translations")
@limit("staff")
@permission_required("content:write")
def receive() -> Response:
    """Save the translations of a file, all or none."""
    form, file = Form(request.form), request.files.get("file")
    if file is None or not file.filename:
        form.errors["file"] = _("Choose a CSV file.")
        return _overview(form)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "translations.csv"
        file.save(path)
        try:
            report = translation_file.import_file(path, may_change=_may_change)
        except UnreadableFileError:
            form.errors["file"] = _("This is not a file of translations. Export one, and fill it in.")
            return _overview(form)
    if report.refused:
        form.errors["file"] = _(
            "Nothing was saved: %(count)d of %(rows)d rows cannot be used.",
            count=len(report.refused),
            rows=report.rows,
        )
        return _overview(form, report.refused)
    return redirect(url_for("admin_translations.overview", said="saved"), 303)


@bp.get("/admin/translations/<tag>.csv")
@limit("staff")
@permission_required("content:read")
def export(tag: str) -> Response:
    """Send the file of all texts with their translations into a language."""
    language = next((each for each in _languages() if each.tag == tag), None) or abort(404)
    buffer = io.StringIO()
    translation_file.export(CsvWriter(buffer), language)
    response = Response(buffer.getvalue(), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=f"translations-{tag}.csv")
    return mark_private(response)


@bp.get("/admin/translations/<kind>/<int:owner_id>")
@limit("staff")
@permission_required("content:read")
def show(kind: str, owner_id: int) -> Response:
    """Show the texts of an owner, each with its translation into one language."""
    here, owner = _find(kind, owner_id)
    language = _chosen(request.args.get("language", ""))
    return _page(here, owner, language, None)


@bp.post("/admin/translations/<kind>/<int:owner_id>")
@limit("staff")
@permission_required("content:write")
def change(kind: str, owner_id: int) -> Response:
    """Save the translations that were changed, all or none; a field that the form lacks stays as it is."""
    here, owner = _find(kind, owner_id)
    if not _may_change(here):
        abort(404)
    language = _chosen(request.form.get("language", ""))
    sent = TranslationForm(here, owner, request.form)
    wanted = sent.read()
    if language is None or sent.form.errors:
        return _page(here, owner, language, sent)
    try:
        with write_transaction() as session:
            save_texts(session, here, owner, language.locale, wanted)
    except TranslationsChangedError as error:
        sent.form.errors[""] = str(error)
        return _page(here, owner, language, sent, error.status)
    address = url_for(
        "admin_translations.show", kind=kind, owner_id=owner_id, language=language.tag, said="saved"
    )
    return redirect(address, 303)


def _may_change(kind: SourceKind) -> bool:
    return may(f"{kind.area}:write")


def _languages() -> Sequence[Language]:
    return list_languages(current_app._get_current_object())  # type: ignore[attr-defined]  # Flask's own way


def _chosen(tag: str) -> Language | None:
    known = _languages()
    return next((each for each in known if each.tag == tag), known[0] if known and not tag else None)


def _find(name: str, owner_id: int) -> tuple[SourceKind, SourceTexts]:
    kind = find_kind(name) or abort(404)
    owner = next((each for each in kind.read(db.session(), [owner_id]) if each.owner_id == owner_id), None)
    return kind, owner or abort(404)


def _overview(form: Form, refused: Sequence[tuple[int, str]] = ()) -> Response:
    counted = select(TextTranslation.locale, TextTranslation.kind, func.count()).group_by(
        TextTranslation.locale, TextTranslation.kind
    )
    counts = {(locale, kind): count for locale, kind, count in db.session.execute(counted)}
    return render_page(
        "translations/overview.html",
        form=form,
        languages=_languages(),
        kinds=list_kinds(),
        counts=counts,
        refused=refused[:MOST_REFUSED],
    )


def _page(
    kind: SourceKind,
    owner: SourceTexts,
    language: Language | None,
    sent: TranslationForm | None,
    status: int = 200,
) -> Response:
    stored = read_texts(db.session(), kind.name, owner, language.locale) if language else {}
    shown = sent or TranslationForm(kind, owner)
    rows = shown.rows(stored)
    return render_page(
        "translations/texts.html",
        status,
        form=shown.form,
        kind=kind,
        owner=owner,
        language=language,
        languages=_languages(),
        rows=rows,
        can_change=_may_change(kind),
    )
