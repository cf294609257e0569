"""The page where a guest asks for the link to an order; the link goes to the address of the order, by mail."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from storefront import accounts, mail, rate_limiting
from storefront.checkout import access, queries
from storefront.checkout.messages import order_link
from storefront.checkout.pages import blueprint, render_page
from storefront.extensions import db, write_transaction
from storefront.i18n import gettext as _
from storefront.mail import transport
from storefront.mail.email_address import read_email
from storefront.web.forms import Form

bp: Blueprint = blueprint("order_lookup", __name__)


@bp.get("/orders")
def form() -> Response:
    """Show the form with the number and the e-mail address."""
    user = accounts.load_current_user()
    values = {"number": request.args.get("number", "")[:64], "email": user.email if user else ""}
    return render_page("checkout/lookup.html", form=Form(values=values))


@bp.post("/orders")
@rate_limiting.limit("order-lookup")
def send_link() -> Response:
    """Mail the link if an order has this number and this address. Answer and work are the same if none has."""
    form = Form(request.form)
    number, email = form.text("number", _("the order number"), most=64), read_email(form)
    if form.errors:
        return render_page("checkout/lookup.html", form=form)
    found = queries.find_number_of_customer(number, email)
    db.session.rollback()
    with write_transaction() as session:
        content = order_link(found or number, email, access.shop_url())
        mail_id = mail.enqueue_limited(session, email, content, delivers=found is not None)
    letter = mail_id if accounts.may_read_letters() else None
    return redirect(url_for("order_lookup.sent", letter=letter), 303)


@bp.get("/orders/sent")
def sent() -> Response:
    """Say that a letter is on its way, if there is such an order."""
    letter = accounts.find_letter(request.args.get("letter", ""))
    return render_page("checkout/lookup-sent.html", letter=letter, stored=transport.stores_mail())
