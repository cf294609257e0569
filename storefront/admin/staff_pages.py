"""/admin/staff: who works here, with which role; invitations by mail."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from storefront import accounts
from storefront.accounts import administration, staff_invitations
from storefront.admin.once_only import once_only
from storefront.admin.pages import render_page
from storefront.errors import StorefrontError
from storefront.i18n import gettext as _
from storefront.mail.email_address import exact_email, read_email
from storefront.rate_limiting import limit
from storefront.web.forms import Form
from storefront.web.permissions import ROLE_LABELS, ROLE_NAMES, ROLE_SENTENCES, RoleName
from storefront.web.staff_access import permission_required

bp = Blueprint("admin_staff", __name__, cli_group=None)


@bp.get("/admin/staff")
@limit("staff")
@permission_required("staff:read")
def everybody() -> Response:
    """List the members of the staff and the invitations that wait."""
    return _page(Form())


@bp.post("/admin/staff/invitations")
@limit("staff")
@permission_required("staff:write")
@accounts.recent_proof_required()
@once_only
def invite() -> Response:
    """Mail an invitation."""
    form = Form(request.form)
    email, role = read_email(form), _read_role(form)
    if form.errors or role is None:
        return _page(form)
    try:
        letter = staff_invitations.invite(email, exact_email(request.form["email"]), role)
    except StorefrontError as error:
        form.errors[""] = str(error)
        return _page(form, error.status)
    shown = letter if accounts.may_read_letters() else None
    return redirect(url_for("admin_staff.everybody", said="invited", letter=shown), 303)


@bp.post("/admin/staff/invitations/<int:invitation_id>/removal")
@limit("staff")
@permission_required("staff:write")
def take_back(invitation_id: int) -> Response:
    """Make an invitation invalid."""
    if not staff_invitations.take_back(invitation_id):
        abort(404)
    return redirect(url_for("admin_staff.everybody", said="withdrawn"), 303)


@bp.post("/admin/staff/<int:user_id>/role")
@limit("staff")
@permission_required("staff:write")
@accounts.recent_proof_required()
def change_role(user_id: int) -> Response:
    """Give a person another role, unless somebody else has done so since the page was shown."""
    form = Form(request.form)
    role, email = _read_role(form), _email_of(user_id, form)
    if form.errors:
        return _page(form, 409)
    return _change(email, role, is_staff=True)


@bp.post("/admin/staff/<int:user_id>/removal")
@limit("staff")
@permission_required("staff:write")
@accounts.recent_proof_required()
def remove(user_id: int) -> Response:
    """End a person's access to the back office at once. The account stays, as a customer's."""
    form = Form(request.form)
    email = _email_of(user_id, form)
    return _page(form, 409) if form.errors else _change(email, None, is_staff=False)


def _read_role(form: Form) -> RoleName | None:
    typed = form.choice("role", _("a role"), {name: str(label) for name, label in ROLE_LABELS.items()})
    return next((name for name in ROLE_NAMES if name == typed), None)


def _email_of(user_id: int, form: Form) -> str:
    """Return the e-mail of a member of the staff, whose role must still be the one that the form was made from."""
    found = [row.user for row in administration.list_accounts(staff_only=True) if row.user.id == user_id]
    if not found:
        abort(404)
    if form.typed("shown") != found[0].staff_role:
        form.errors[""] = _(
            "Somebody has changed this person’s role meanwhile. Look at the list, and try again."
        )
    return found[0].email


def _change(email: str, role: RoleName | None, *, is_staff: bool) -> Response:
    try:
        administration.set_role(email, role, is_staff=is_staff)
    except StorefrontError as error:
        form = Form()
        form.errors[""] = str(error)
        return _page(form, error.status)
    return redirect(url_for("admin_staff.everybody", said="saved"), 303)


def _page(form: Form, status: int = 200) -> Response:
    user = accounts.load_current_user()
    return render_page(
        "staff.html",
        status,
        form=form,
        people=administration.list_accounts(staff_only=True),
        invitations=staff_invitations.list_open(),
        me=user.id if user else 0,
        roles=ROLE_LABELS,
        sentences=ROLE_SENTENCES,
        letter=accounts.find_letter(request.args.get("letter", "")),
    )
