"""Addresses of the staff pages before there was a back office; they lead on, forms included (RFC 9110, 15.4.9)."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from storefront.web.prefix import add_prefix

bp = Blueprint("admin_former_addresses", __name__, cli_group=None)

# The beginning of an old path, and of the new one; the longest that fits counts.
_MOVED = {
    "/ops": "/admin/system",
    "/ops/orders": "/admin/orders",
    "/ops/stock": "/admin/stock",
}


@bp.route("/ops", methods=("GET", "POST"), defaults={"rest": ""})
@bp.route("/ops/<path:rest>", methods=("GET", "POST"))
def lead_on(rest: str) -> Response:
    """Redirect to the page's new address."""
    path = f"/ops/{rest}".rstrip("/")
    old = max((each for each in _MOVED if path == each or path.startswith(f"{each}/")), key=len)
    query = request.query_string.decode("latin-1")
    return redirect(add_prefix(_MOVED[old] + path[len(old) :]) + (f"?{query}" if query else ""), 308)
