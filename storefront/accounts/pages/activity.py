"""The security events of one's own account, and /admin/system/security: those of all accounts, for staff."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from storefront.accounts import authentication, queries
from storefront.accounts.models import User
from storefront.accounts.pages.page import make_blueprint, render_page
from storefront.accounts.security_events import KINDS
from storefront.actors import describe_actors
from storefront.mail.email_address import normalize_email
from storefront.web.private import private_page
from storefront.web.staff_access import permission_required

bp = make_blueprint("activity", __name__, "/account/activity")
staff_bp = Blueprint("activity_staff", __name__, cli_group=None)

MAX_ID = 2**31 - 1


@bp.get("")
@authentication.sign_in_required
def events(user: User) -> BaseResponse:
    """The latest security events of the account."""
    return render_page("activity", events=queries.list_security_events(user.id), kinds=KINDS)


@staff_bp.get("/admin/system/security")
@permission_required("staff:read")
def all_events() -> Response:
    """The security events of all accounts, or of one person, or of one kind."""
    person, kind = request.args.get("person", "").strip()[:254], request.args.get("kind", "")
    kind = kind if kind in KINDS else ""
    before = request.args.get("before", "")
    last = min(int(before), MAX_ID) if before.isdecimal() and len(before) <= 10 else None
    found = queries.search_security_events(normalize_email(person) or person, kind, last)
    actors = describe_actors({event.actor for event in found})
    more = found[-1].id if len(found) == queries.EVENTS_PER_PAGE else None
    page = render_template(
        "admin/system/security.html",
        events=found,
        actors=actors,
        kinds=KINDS,
        person=person,
        kind=kind,
        more=more,
    )
    return private_page(page)
