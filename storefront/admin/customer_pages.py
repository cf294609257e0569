"""/admin/customers: staff find an account, see what the shop knows of it, and end its access."""

from __future__ import annotations

from flask import Blueprint, abort, jsonify, redirect, request, url_for
from flask import Response as FlaskResponse
from werkzeug.wrappers import Response

from storefront import accounts
from storefront.accounts import administration, customer_search, privacy
from storefront.accounts import queries as account_queries
from storefront.accounts.administration import AccountRow
from storefront.accounts.pages.addresses import lines_of
from storefront.accounts.security_events import KINDS
from storefront.actors import describe_actors
from storefront.admin.pages import render_page
from storefront.checkout import queries as orders
from storefront.errors import StorefrontError
from storefront.i18n import gettext as _
from storefront.i18n import shop_locale
from storefront.languages import name_of
from storefront.rate_limiting import limit
from storefront.unicode_text import read_whole_number
from storefront.web.forms import Form
from storefront.web.language_routes import use_locale
from storefront.web.page_numbers import read_page_number
from storefront.web.staff_access import may, permission_required

bp = Blueprint("admin_customers", __name__, cli_group=None)

MAX_ID = 2**31 - 1
# Security events on a customer's page.
MOST_EVENTS = 20


@bp.get("/admin/customers")
@limit("staff")
@permission_required("customers:read")
def everybody() -> Response:
    """List the accounts that a search finds, or all, newest first."""
    text = " ".join(request.args.get("q", "").split())[: customer_search.MAX_TEXT]
    before = read_whole_number(request.args.get("before", ""), most_digits=10)
    found = (
        customer_search.search(text)
        if text
        else customer_search.list_newest(min(before, MAX_ID) if before else None)
    )
    return render_page("customers/customers.html", found=found, text=text)


@bp.get("/admin/customers/<int:user_id>")
@limit("staff")
@permission_required("customers:read")
def show(user_id: int) -> Response:
    """Show one account: its orders, addresses and consent, and what happened to it."""
    return _page(_find(user_id), Form())


@bp.post("/admin/customers/<int:user_id>/access")
@limit("staff")
@permission_required("customers:write")
@accounts.recent_proof_required()
def change_access(user_id: int) -> Response:
    """Disable the account, enable it, or sign it out everywhere (`what`)."""
    email, what, form = _find(user_id).user.email, request.form.get("what", ""), Form(request.form)
    try:
        if what == "sign-out":
            administration.sign_out_everywhere(email, customers_only=True)
        elif what in ("disable", "enable"):
            administration.set_disabled(email, is_disabled=what == "disable", customers_only=True)
        else:
            form.errors[""] = _("Something went wrong with this form. Reload the page and try again.")
    except StorefrontError as error:
        form.errors[""] = str(error)
        return _page(_find(user_id), form, error.status)
    if form.errors:
        return _page(_find(user_id), form)
    return redirect(url_for("admin_customers.show", user_id=user_id, said="saved"), 303)


@bp.post("/admin/customers/<int:user_id>/data")
@limit("staff")
@permission_required("customers:write")
@accounts.recent_proof_required()
def export(user_id: int) -> Response:
    """All data that the shop keeps of the person, as a JSON file: the same that they can load themselves."""
    answer: FlaskResponse = jsonify(privacy.export_data(_find(user_id).user))
    answer.headers["Content-Disposition"] = f'attachment; filename="customer-{user_id}.json"'
    return answer


def _find(user_id: int) -> AccountRow:
    row = administration.find_account(user_id) if user_id <= MAX_ID else None
    if row is None:
        abort(404)
    return row


def _page(row: AccountRow, form: Form, status: int = 200) -> Response:
    user = row.user
    bought, kept = orders.read_account_orders(user, read_page_number()) if may("orders:read") else (None, [])
    events = account_queries.list_security_events(user.id, MOST_EVENTS) if may("staff:read") else None
    own = f"customer:{user.id}"
    with use_locale(user.locale):
        language = name_of(shop_locale())
    return render_page(
        "customers/customer.html",
        status,
        form=form,
        user=user,
        language=language,
        sign_ins=row.sign_ins,
        addresses=[lines_of(row) for row in accounts.list_addresses(user.id)],
        orders=bought,
        kept=kept,
        events=events,
        kinds=KINDS,
        actors=describe_actors({event.actor for event in events or ()} - {own}) | {own: _("this person")},
    )
