"""/admin/pages/NUMBER/versions/NUMBER: a former version of a page of the merchant's own, beside the newest one."""

from __future__ import annotations

from flask import Blueprint, abort
from werkzeug.wrappers import Response

from storefront.actors import describe_actors
from storefront.admin.pages import render_page
from storefront.content.models import ContentPage, ContentVersion
from storefront.content.version_comparison import compare_versions
from storefront.extensions import db
from storefront.rate_limiting import limit
from storefront.web.staff_access import permission_required

bp = Blueprint("admin_page_versions", __name__, cli_group=None)


@bp.get("/admin/pages/<int:page_id>/versions/<int:number>")
@limit("staff")
@permission_required("content:read")
def compare(page_id: int, number: int) -> Response:
    """Show what differs between a former version and the newest one."""
    here = db.session.get(ContentPage, page_id) or abort(404)
    former = db.session.get(ContentVersion, (page_id, number)) or abort(404)
    newest = db.session.get(ContentVersion, (page_id, here.version)) or abort(404)
    return render_page(
        "content/version.html",
        here=here,
        former=former,
        actor=describe_actors({former.actor})[former.actor],
        differences=compare_versions(former, newest),
    )
