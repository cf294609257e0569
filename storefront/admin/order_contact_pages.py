"""/admin/orders/…/contact: staff correct e-mail, addresses and telephone of an order that was not shipped."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from storefront.admin.pages import render_page
from storefront.checkout import contact_fields, contact_form, order_contact, queries
from storefront.checkout.errors import NoSuchOrderError, OrderError
from storefront.checkout.order_view import OrderView
from storefront.extensions import db, write_transaction
from storefront.postal import address_rules
from storefront.rate_limiting import limit
from storefront.web.forms import Form
from storefront.web.staff_access import permission_required

bp = Blueprint("admin_order_contact", __name__, cli_group=None)


@bp.get("/admin/orders/<number>/contact")
@limit("staff")
@permission_required("orders:write")
def show(number: str) -> Response:
    """Show the form; `bill_country` in the address shows the fields of another country."""
    order = _find(number)
    values = contact_form.stored_values(order)
    for name in ("country", "bill_country"):
        values[name] = address_rules.known_country(request.args.get(name, ""), values[name])
    return _page(order, Form(values=values), order_contact.contact_of(order).version)


@bp.post("/admin/orders/<number>/contact")
@limit("staff")
@permission_required("orders:write")
def correct(number: str) -> Response:
    """Save the corrections, all or none."""
    order, made_from = _find(number), request.form.get("made_from", "")
    form, contact = contact_form.read_contact(request.form, order)
    if request.form.get("do") == "country":
        return _page(order, Form(values=form.values), made_from)
    if form.errors:
        return _page(order, form, made_from)
    try:
        with write_transaction() as session:
            order_contact.correct_contact(session, number, contact, expected=made_from)
    except OrderError as error:
        form.errors[""] = str(error)
        db.session.rollback()
        now = _find(number)
        return _page(now, form, order_contact.contact_of(now).version, error.status)
    return redirect(url_for("admin_orders.show", number=number, said="saved"), 303)


def _find(number: str) -> OrderView:
    order = queries.find_order(number)
    if order is None:
        raise NoSuchOrderError
    return order


def _page(order: OrderView, form: Form, made_from: str, status: int = 200) -> Response:
    """Return the page; after a conflict it says what is stored now beside what this person typed."""
    names, country = address_rules.country_names(), order.ship_to.get("country") or ""
    stored = order_contact.contact_of(order).values
    typed = {name: form.values.get(name, "") for name in stored}
    return render_page(
        "orders/contact.html",
        status,
        form=form,
        order=order,
        made_from=made_from,
        differing=contact_fields.describe_fields(
            {
                name: [typed[name], stored[name]]
                for name in stored
                if status == 409 and typed[name] != stored[name]
            }
        ),
        countries={country: names.get(country, country)} if country else names,
        invoice_countries=names,
        needs=address_rules.rules_for(form.values.get("country", "")),
        invoice_needs=address_rules.rules_for(form.values.get("bill_country", "")),
    )
