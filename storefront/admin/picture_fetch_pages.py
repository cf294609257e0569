"""/admin/imports/pictures: fetch the pictures that imported products name by their web address."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from storefront.admin.pages import render_page
from storefront.catalog_files import picture_fetches
from storefront.rate_limiting import limit
from storefront.web.staff_access import permission_required

bp = Blueprint("admin_picture_fetches", __name__, cli_group=None)


@bp.get("/admin/imports/pictures/progress")
@limit("staff")
@permission_required("catalog:read")
def progress() -> Response:
    """Return the part of the list of imports that says how far it is."""
    return render_page("imports/picture-progress.html", fetch=picture_fetches.find_latest())


@bp.post("/admin/imports/pictures/fetch")
@limit("staff")
@permission_required("catalog:write")
def start() -> Response:
    """Fetch the missing pictures in the background."""
    picture_fetches.start()
    return _leave()


@bp.post("/admin/imports/pictures/stop")
@limit("staff")
@permission_required("catalog:write")
def stop() -> Response:
    """Stop fetching; what is in the shop stays."""
    picture_fetches.stop()
    return _leave()


def _leave() -> Response:
    return redirect(url_for("admin_change_sets.all_change_sets", _anchor="pictures"), 303)
