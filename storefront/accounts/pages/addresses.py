"""The pages of an account's address book."""

from __future__ import annotations

from flask import abort, request
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from storefront import shop_settings
from storefront.accounts import authentication, queries
from storefront.accounts.models import Address, User
from storefront.accounts.pages.page import make_blueprint, redirect_with_notice, render_page
from storefront.extensions import db, write_transaction
from storefront.i18n import gettext as _
from storefront.postal import address_rules, countries, served_countries
from storefront.postal.address_lines import address_lines
from storefront.web.forms import Form

bp = make_blueprint("addresses", __name__, "/account/addresses")

MAX_ADDRESSES = 20


@bp.get("")
@authentication.sign_in_required
def book(user: User) -> Response:
    """All addresses of the account."""
    book = [(address, lines_of(address)) for address in queries.list_addresses(user.id)]
    return render_page("addresses", book=book, most=MAX_ADDRESSES)


@bp.get("/new")
@authentication.sign_in_required
def new(user: User) -> Response:
    """The empty form."""
    default = countries.default_country(shop_settings.current().locale)
    country = address_rules.known_country(request.args.get("country", ""), default)
    country = country if country in served_countries.served_names() else ""
    values = {"name": user.name, "country": country}
    return _render_form(Form(values=values), None)


@bp.post("")
@authentication.sign_in_required
def add(user: User) -> Response:
    """Add an address."""
    form, user_id = Form(request.form), user.id
    fields = address_rules.read_address(form)
    if _only_country_changed():
        return _render_form(Form(values=form.values), None)
    served_countries.check_served(form, fields["country"])
    count = select(func.count(Address.id)).where(Address.user_id == user_id)
    if db.session.execute(count).scalar_one() >= MAX_ADDRESSES:
        form.errors[""] = _(
            "You can save up to %(count)d addresses. Remove one you no longer need.", count=MAX_ADDRESSES
        )
    if form.errors:
        return _render_form(form, None)
    with write_transaction() as session:
        session.add(Address(user_id=user_id, **fields))
    return redirect_with_notice("addresses.book", "address")


@bp.get("/<int:address_id>")
@authentication.sign_in_required
def edit(user: User, address_id: int) -> Response:
    """The form with an existing address."""
    address = _find_own_address(user, address_id)
    return _render_form(Form(values=_values(address)), address_id, address.country)


@bp.post("/<int:address_id>")
@authentication.sign_in_required
def change(user: User, address_id: int) -> Response:
    """Change an address."""
    address, form = _find_own_address(user, address_id), Form(request.form)
    fields = address_rules.read_address(form)
    if _only_country_changed():
        return _render_form(Form(values=form.values), address_id, address.country)
    served_countries.check_served(form, fields["country"], kept=address.country)
    if form.errors:
        return _render_form(form, address_id, address.country)
    with write_transaction():
        for name, value in fields.items():
            setattr(address, name, value)
    return redirect_with_notice("addresses.book", "address")


@bp.post("/<int:address_id>/removal")
@authentication.sign_in_required
def remove(user: User, address_id: int) -> Response:
    """Remove an address. A missing address is not an error: the button may have been clicked twice."""
    user_id = user.id
    with write_transaction() as session:
        address = session.get(Address, address_id)
        if address is not None and address.user_id == user_id:
            session.delete(address)
    return redirect_with_notice("addresses.book", "address-removed")


def _find_own_address(user: User, address_id: int) -> Address:
    query = select(Address).where(Address.id == address_id, Address.user_id == user.id)
    found = db.session.execute(query).scalar_one_or_none()
    if found is None:
        abort(404)
    return found


def _render_form(form: Form, address_id: int | None, kept: str = "") -> Response:
    """Return the page with the form; `kept` is the country of the stored address, which may stay."""
    names = served_countries.served_names(kept)
    needs = address_rules.rules_for(form.values.get("country", ""))
    return render_page("address", form=form, address_id=address_id, countries=names, needs=needs)


def _only_country_changed() -> bool:
    """Return whether the form was sent to show the fields of another country: then nothing is saved."""
    return request.form.get("do") == "country"


def _values(address: Address) -> dict[str, str]:
    return {name: getattr(address, name) for name in address_rules.FIELDS}


def lines_of(address: Address) -> list[str]:
    """Return the lines of an address as an order prints them, and the telephone number."""
    return [*filter(None, (*address_lines(_values(address)), address.phone))]
