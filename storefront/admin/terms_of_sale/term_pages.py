"""The pages of delivery, taxes and payment. A change shows at once on every page, on every worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from storefront import shop_settings
from storefront.admin.pages import render_page
from storefront.admin.terms_of_sale import delivery_form, payment_form, tax_form
from storefront.admin.terms_of_sale.term_lines import describe_tables
from storefront.checkout.stored_terms import ShownPart, show_part, store_part
from storefront.checkout.term_errors import TermError
from storefront.checkout.term_parts import PartName
from storefront.checkout.terms import card_payment
from storefront.postal.address_rules import country_names
from storefront.rate_limiting import limit
from storefront.shop_settings.stored_settings import SettingsChangedError
from storefront.web.forms import Form
from storefront.web.staff_access import permission_required

bp = Blueprint("admin_terms", __name__, cli_group=None)


@dataclass(frozen=True, slots=True)
class PartForm:
    """The form of a part of the terms.

    Attributes:
        name: of the part, and of its view.
        template: of its page.
        fields_of: returns the form's values for the stored tables.
        read_tables: returns the tables that a form says; what the form lacks stays as it is.
        numbers_of: returns the numbers of the lines that the form shows.
    """

    name: PartName
    template: str
    fields_of: Callable[[Mapping[str, Any]], dict[str, str]]
    read_tables: Callable[[Form, Mapping[str, Any]], dict[str, Any]]
    numbers_of: Callable[[Form], list[int]]


def _part_form(name: PartName, template: str, module: Any) -> PartForm:
    return PartForm(name, template, module.fields_of, module.read_tables, module.numbers_of)


_DELIVERY = _part_form("delivery", "terms/delivery.html", delivery_form)
_TAX = _part_form("tax", "terms/tax.html", tax_form)
_PAYMENT = _part_form("payment", "terms/payment.html", payment_form)


@bp.get("/admin/settings/delivery")
@limit("staff")
@permission_required("settings:read")
def delivery() -> Response:
    """Show the delivery methods."""
    return _show(_DELIVERY)


@bp.post("/admin/settings/delivery")
@limit("staff")
@permission_required("settings:write")
def change_delivery() -> Response:
    """Store the delivery methods, all or none."""
    return _change(_DELIVERY)


@bp.get("/admin/settings/taxes")
@limit("staff")
@permission_required("settings:read")
def tax() -> Response:
    """Show the tax rates."""
    return _show(_TAX)


@bp.post("/admin/settings/taxes")
@limit("staff")
@permission_required("settings:write")
def change_tax() -> Response:
    """Store the tax rates, all or none."""
    return _change(_TAX)


@bp.get("/admin/settings/payment")
@limit("staff")
@permission_required("settings:read")
def payment() -> Response:
    """Show the ways to pay."""
    return _show(_PAYMENT)


@bp.post("/admin/settings/payment")
@limit("staff")
@permission_required("settings:write")
def change_payment() -> Response:
    """Store the ways to pay."""
    return _change(_PAYMENT)


def _show(about: PartForm) -> Response:
    part = show_part(about.name)
    return _page(about, part, Form(values=about.fields_of(part.tables)), part.version)


def _change(about: PartForm) -> Response:
    part, form = show_part(about.name), Form(request.form)
    tables, seen = about.read_tables(form, part.tables), form.typed("seen")
    if form.errors:
        return _page(about, part, form, seen)
    try:
        store_part(about.name, tables, seen=seen)
    except TermError as error:
        form.errors[""] = error.sentence
        return _page(about, part, form, seen)
    except SettingsChangedError as error:
        form.errors[""] = str(error)
        now = show_part(about.name)
        return _page(about, now, form, now.version, error.status)
    return redirect(url_for(f".{about.name}", said="saved"), 303)


def _page(about: PartForm, part: ShownPart, form: Form, seen: str, status: int = 200) -> Response:
    file = current_app.config["CHECKOUT"]
    return render_page(
        about.template,
        status,
        form=form,
        part=part,
        seen=seen,
        numbers=about.numbers_of(form),
        stored_now=list(describe_tables(part.tables)) if status == 409 else [],
        file=file.path,
        included=tax_form.INCLUDED,
        countries=country_names(),
        has_card=bool(card_payment()),
        served=shop_settings.current().served_countries,
    )
