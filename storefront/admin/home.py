"""/admin: what to do today."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from storefront.admin.pages import render_page
from storefront.rate_limiting import limit
from storefront.web.staff_access import staff_required

bp = Blueprint("admin_home", __name__, cli_group=None)


@bp.get("/admin")
@limit("staff")
@staff_required
def show() -> Response:
    """Show what there is to do; every member of the staff has this page."""
    return render_page("home.html")
