"""/admin: what to do today, and how the shop does beside the week before."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import Blueprint
from werkzeug.wrappers import Response

from storefront import launch, shop_settings
from storefront.admin import carried_form
from storefront.admin.live_pages import read_versions
from storefront.admin.pages import render_page
from storefront.admin.shop_warnings import list_step_warnings, list_warnings
from storefront.catalog.scarce_variants import list_scarce
from storefront.change_sets.store import list_waiting
from storefront.checkout.takings import periods, read_takings
from storefront.rate_limiting import limit
from storefront.web.staff_access import may, staff_required

# Lines of a list on the page.
MOST = 10

bp = Blueprint("admin_home", __name__, cli_group=None)


@bp.get("/admin")
@limit("staff")
@staff_required
def show() -> Response:
    """Show what there is to do; every member of the staff has this page, with the parts that their role may see."""
    sees_orders, sees_stock = may("orders:read"), may("stock:read")
    timezone = ZoneInfo(shop_settings.current().timezone)
    versions = read_versions()  # first: what changes after this is in the page, or leads to another look
    progress = launch.read_progress() if may("settings:write") else None
    now = datetime.now(UTC)
    takings, work = read_takings(periods(now, timezone)) if sees_orders else (None, None)
    return render_page(
        "home.html",
        versions=versions,
        has_carried_form=carried_form.is_waiting(),
        progress=progress,
        warnings=[*list_warnings(), *list_step_warnings(progress)],
        takings=takings,
        work=work,
        scarce=list_scarce(MOST + 1) if sees_stock else None,
        most=MOST,
        waiting=list_waiting(MOST) if may("catalog:read") else None,
    )
