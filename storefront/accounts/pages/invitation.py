"""The page behind a mailed invitation to the staff. Opening it changes nothing: no preview uses the link up."""

from __future__ import annotations

from flask import redirect, request
from werkzeug.wrappers import Response

from storefront import rate_limiting
from storefront.accounts import authentication, credentials, staff_invitations
from storefront.accounts.models import StaffInvitation, User
from storefront.accounts.pages.page import make_blueprint, render_page
from storefront.accounts.passwords import read_new_password
from storefront.i18n import gettext as _
from storefront.web.forms import Form
from storefront.web.permissions import ROLE_LABELS, ROLE_SENTENCES
from storefront.web.prefix import add_prefix

bp = make_blueprint("staff_invitation", __name__, "/account/invitation")


@bp.get("/<token>")
@rate_limiting.limit("password-reset.address")
def show(token: str) -> Response:
    """Show what the invitation is for: with a form for a password if the address has no account yet.

    A person who has an account signs in first, and comes back here.
    """
    invitation, user = staff_invitations.find(token), authentication.load_current_user()
    if credentials.find_by_email(invitation.email) is not None and not _is_for(invitation, user):
        return authentication.redirect_to_sign_in()
    return _page(invitation, user, Form())


@bp.post("/<token>")
@rate_limiting.limit("password-reset.address")
def accept(token: str) -> Response:
    """Make the person staff, and sign them in with the new role."""
    invitation, user = staff_invitations.find(token), authentication.load_current_user()
    if credentials.find_by_email(invitation.email) is None:
        form = Form(request.form)
        name = form.text("name", _("your name"), most=100)
        password = read_new_password(form, "password", invitation.email, name)
        if form.errors:
            return _page(invitation, None, form)
        accepted = staff_invitations.accept_as_new(token, password, name)
    elif user is not None and _is_for(invitation, user):
        accepted = staff_invitations.accept(token, user.id)
    else:
        return authentication.redirect_to_sign_in(request.path)
    authentication.sign_in(accepted.id, accepted.generation, keep=False)
    return redirect(add_prefix(authentication.OFFICE), 303)


def _is_for(invitation: StaffInvitation, user: User | None) -> bool:
    return user is not None and user.email == invitation.email


def _page(invitation: StaffInvitation, user: User | None, form: Form) -> Response:
    role = next(name for name in ROLE_LABELS if name == invitation.role)
    return render_page(
        "staff-invitation",
        form=form,
        email=invitation.email,
        has_account=_is_for(invitation, user),
        role=ROLE_LABELS[role],
        sentence=ROLE_SENTENCES[role],
    )
