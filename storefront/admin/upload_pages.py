"""/admin/imports/new: staff send a catalogue file and its pictures. /admin/imports/products.csv is the export."""

from __future__ import annotations

import secrets
import shutil
import zipfile
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from storefront.admin.gate import may_upload
from storefront.admin.once_only import once_only
from storefront.admin.pages import render_page
from storefront.admin.product_export import export_products
from storefront.catalog_files import picture_zip, uploads
from storefront.errors import StorefrontError
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext
from storefront.rate_limiting import limit
from storefront.unicode_text import clean_line, normalize
from storefront.web.body_limits import receives_upload
from storefront.web.forms import Form
from storefront.web.staff_access import permission_required

bp = Blueprint("admin_uploads", __name__, cli_group=None)

STOCK = {
    "default": lazy_gettext("What suits the file: an inventory file sets the stock, others leave it"),
    "keep": lazy_gettext("Leave the stock of existing variants as it is"),
    "set": lazy_gettext("Set the stock to the quantities of the file"),
    "add": lazy_gettext("Add the quantities of the file to the stock"),
}
MISSING = {
    "ask": lazy_gettext("Ask me"),
    "zero": lazy_gettext("They are sold out until you enter their stock"),
    "untracked": lazy_gettext("They are sold without counting"),
}


def _may_upload() -> bool:
    return may_upload("catalog:write")


@bp.get("/admin/imports/new")
@limit("staff")
@permission_required("catalog:write")
def new() -> Response:
    """Show the form for a new import."""
    return _form(Form(values={"stock": "default", "stock_missing": "ask"}))


@bp.post("/admin/uploads/catalogue")
@limit("staff")
@permission_required("catalog:write")
@receives_upload(_may_upload)
@once_only
def receive() -> Response:
    """Keep a catalogue file and its pictures, and plan the import; nothing is changed yet."""
    form = Form(request.form)
    options = _read_options(form)
    file, pictures = request.files.get("file"), request.files.get("pictures")
    if file is None or not file.filename:
        form.errors["file"] = _("Choose a CSV file.")
        return _form(form)
    if form.errors:
        form.errors[""] = _("Check the highlighted fields, and choose the file again.")
        return _form(form)
    folder = secrets.token_hex(16)
    try:
        name = _keep(file, pictures, folder)
    except (StorefrontError, OSError) as error:
        shutil.rmtree(uploads.uploads_folder() / folder, ignore_errors=True)
        is_full = isinstance(error, OSError)
        form.errors["pictures"] = (
            _("The file could not be stored. Try again later.") if is_full else str(error)
        )
        return _form(form, 507 if is_full else 422)
    number = uploads.add(name, folder, options)
    return redirect(url_for("admin_uploads.show", number=number), 303)


@bp.get("/admin/imports/uploads/<int:number>")
@limit("staff")
@permission_required("catalog:read")
def show(number: int) -> Response:
    """Lead to the change set; until there is one, show how far the file is, or why it changes nothing."""
    upload = _find(number)
    if upload.change_set_id:
        return redirect(url_for("admin_change_sets.show", number=upload.change_set_id), 303)
    return _upload_page(upload, Form(values=_write_options(upload.options)))


@bp.get("/admin/imports/uploads/<int:number>/progress")
@limit("staff")
@permission_required("catalog:read")
def progress(number: int) -> Response:
    """Return the part of the page that says how far the file is."""
    return render_page("imports/upload-progress.html", upload=_find(number))


@bp.post("/admin/imports/uploads/<int:number>/plan")
@limit("staff")
@permission_required("catalog:write")
def plan(number: int) -> Response:
    """Read the file again, with other choices."""
    upload = _find(number)
    form = Form(request.form)
    options = _read_options(form)
    if form.errors:
        return _upload_page(upload, form)
    if upload.due_at is None and upload.change_set_id is None:
        uploads.start(number, options)
    return redirect(url_for("admin_uploads.show", number=number), 303)


@bp.get("/admin/imports/products.csv")
@limit("staff")
@permission_required("catalog:read")
def export() -> Response:
    """Send all products as a CSV file while they are read."""
    return export_products()


def _keep(file: FileStorage, pictures: FileStorage | None, folder: str) -> str:
    """Write the files of a form into a folder; return the name of the catalogue file."""
    path = uploads.uploads_folder() / folder
    path.mkdir(parents=True)
    name = _clean_name(file.filename or "")
    file.save(path / name)
    if zipfile.is_zipfile(path / name):
        raise picture_zip.PictureZipError(
            _("The catalogue is a zip file or a workbook. Save it as CSV; pictures have their own field.")
        )
    if pictures is not None and pictures.filename:
        picture_zip.unpack(pictures.stream, path / uploads.PICTURES)
    return name


def _clean_name(name: str) -> str:
    """Return the last part of a file's name, without anything that a file system or a terminal reads otherwise."""
    last = clean_line(normalize("NFC", name)).replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter for letter in last if letter.isalnum() or letter in " ._-()+")[:60].strip(" .")
    return kept if kept and kept != uploads.PICTURES else "catalogue.csv"


def _read_options(form: Form) -> dict[str, Any]:
    """Return the choices of a form as `ImportOptions` names them."""
    stock = form.choice("stock", _("what quantities mean"), {key: str(text) for key, text in STOCK.items()})
    missing = form.choice(
        "stock_missing",
        _("what happens without a quantity"),
        {key: str(text) for key, text in MISSING.items()},
    )
    return {
        "stock": None if stock in ("", "default") else stock,
        "stock_missing": None if missing in ("", "ask") else missing,
        "remove_missing": form.ticked("remove_missing"),
        "force": form.ticked("force"),
        "encoding": form.text("encoding", _("the encoding"), most=40, required=False) or None,
    }


def _write_options(options: Mapping[str, Any]) -> dict[str, str]:
    """Return stored choices as the form shows them."""
    return {
        "stock": options["stock"] or "default",
        "stock_missing": options["stock_missing"] or "ask",
        "remove_missing": "1" if options["remove_missing"] else "",
        "force": "1" if options["force"] else "",
        "encoding": options["encoding"] or "",
    }


def _form(form: Form, status: int = 200) -> Response:
    return render_page("imports/new.html", status, form=form, stock=STOCK, missing=MISSING)


def _upload_page(upload: uploads.CatalogUpload, form: Form) -> Response:
    return render_page("imports/upload.html", upload=upload, form=form, stock=STOCK, missing=MISSING)


def _find(number: int) -> uploads.CatalogUpload:
    return uploads.find(number) or abort(404)
