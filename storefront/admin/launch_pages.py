"""/admin/setup: the first steps by which the shop becomes the merchant's own, and the removal of the demo."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from storefront import launch
from storefront.actors import describe_actor
from storefront.admin.once_only import once_only
from storefront.admin.pages import render_page
from storefront.demo import removal
from storefront.demo.choice import DemoChoice
from storefront.extensions import db, write_transaction
from storefront.launch.models import set_hidden
from storefront.rate_limiting import limit
from storefront.unicode_text import read_whole_number
from storefront.web.forms import Form
from storefront.web.staff_access import may, permission_required

bp = Blueprint("admin_launch", __name__, url_prefix="/admin/setup", cli_group=None)

_MOST_PRODUCTS = 1000  # of the demo
# Where steps are done and something is saved: what was saved there may lead on to the next step.
_LEADS_ON = frozenset({"admin_settings", "admin_terms", "admin_content", "admin_letters", "admin_launch"})


def next_step() -> launch.LaunchStep | None:
    """Return the next open step, after something was saved on the page of a step, while the steps are shown."""
    if "said" not in request.args or request.blueprint not in _LEADS_ON or not may("settings:write"):
        return None
    progress = launch.read_progress()
    return None if progress.is_hidden else progress.next_step


@bp.get("")
@limit("staff")
@permission_required("settings:write")
def show() -> Response:
    """Show the steps, done and open."""
    return render_page("setup/steps.html", progress=launch.read_progress())


@bp.post("/hidden")
@limit("staff")
@permission_required("settings:write")
def hide() -> Response:
    """Hide the steps on the first page of the back office, or show them there again."""
    is_hidden = Form(request.form).ticked("hidden")
    with write_transaction() as session:
        set_hidden(session, is_hidden=is_hidden)
    return redirect(url_for("admin_home.show" if is_hidden else "admin_launch.show", said="saved"), 303)


@bp.get("/demo")
@limit("staff")
@permission_required("settings:write")
def demo() -> Response:
    """Show which products of the demo go, and which stay."""
    choice = db.session.get(DemoChoice, 1)
    is_removed = choice is not None and choice.choice == "removed"
    return render_page(
        "setup/demo.html",
        plan=removal.plan_removal(),
        removed_at=choice.made_at if choice and is_removed else None,
        removed_by=describe_actor(choice.changed_by) if choice and is_removed else "",
    )


@bp.post("/demo/removal")
@limit("staff")
@permission_required("settings:write")
@once_only
def remove_demo() -> Response:
    """Remove the products that the person has seen on the page, as far as they are still unchanged."""
    typed = Form(request.form).typed_values("product")[:_MOST_PRODUCTS]
    ids = [found for each in typed if (found := read_whole_number(each, most_digits=9))]
    removal.remove_demo(removal.RemovalPlan(ids, [], []), Path(current_app.config["MEDIA_DIR"]))
    return redirect(url_for("admin_launch.demo", said="demo-removed"), 303)
