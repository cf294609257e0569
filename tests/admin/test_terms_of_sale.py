"""/admin/settings/delivery, taxes, payment: the checks of checkout.toml, nothing half-saved, nobody overwritten."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from flask import Flask

from storefront.admin.terms_of_sale.amounts import read_rate
from storefront.checkout.terms import current_terms
from storefront.config.values import read_checkout_file
from storefront.country_codes import read_countries
from storefront.extensions import db
from storefront.ops import doctor
from storefront.postal.place_codes import check_region
from storefront.shop_settings import stored_settings
from storefront.shop_settings.stored_documents import read_documents
from tests.accounts.people import Browser, staff_browser
from tests.checkout.test_terms import COMPLETE
from tests.factories import make_product

pytestmark = pytest.mark.any_database
DELIVERY, TAXES, PAYMENT = (f"/admin/settings/{name}" for name in ("delivery", "taxes", "payment"))


@pytest.fixture
def owner(app: Flask) -> Browser:
    return staff_browser(app, "owner")


def form_of(browser: Browser, path: str) -> dict[str, str]:
    """Return what a browser sends if the form is sent as it stands."""
    page = browser.get(path).text.partition("office-main")[2]
    sent = {}
    for tag in re.findall(r"<input [^>]*>", page):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ("checked" in tag or not re.search(r'type="(checkbox|radio)"', tag)):
            sent[name[1]] = unescape(value[1]) if value else ""
    for name, text in re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>\n(.*?)</textarea>', page, re.DOTALL):
        sent[name] = unescape(text)
    chosen = re.findall(r'<select[^>]*name="(\w+)".*?<option value="(\w+)" selected', page, re.DOTALL)
    return sent | dict(chosen)


def stored() -> dict[str, str]:
    db.session.rollback()
    return read_documents()


def test_a_delivery_price_shows_in_the_shop_at_once(app: Flask, owner: Browser) -> None:
    stored_settings.set_value("locale", "de_DE")
    make_product("Pot")
    shopper = Browser(app)
    assert "4,90" in shopper.get("/products/pot").text
    sent = form_of(owner, DELIVERY)
    assert "Bedingungen der Demo" in owner.get(DELIVERY).text
    sent |= {"name-0": "Post <us>", "price-0": "1.052,90", "where-0": "some", "countries-0": "DE, at"}
    assert owner.post(DELIVERY, **sent).location == "/admin/settings/delivery?said=saved"
    assert "Post &lt;us&gt; 1.052,90\N{NO-BREAK SPACE}$" in shopper.get("/products/pot").text
    [first, second] = current_terms().delivery_methods
    assert (first.code, first.price, first.countries) == ("standard", 105290, {"DE", "AT"})
    assert (second.code, second.price, second.countries) == ("express", 1290, None)
    assert form_of(owner, DELIVERY)["price-0"] == "1052,90"
    assert "Nothing is stored yet" not in owner.get(DELIVERY).text


def test_countries_are_known_by_their_names(owner: Browser) -> None:
    sent = form_of(owner, DELIVERY) | {
        "where-0": "some",
        "countries-0": "Deutschland, United Kingdom; at フランス",
    }
    assert owner.post(DELIVERY, **sent).status_code == 303
    assert current_terms().delivery_methods[0].countries == {"DE", "GB", "AT", "FR"}
    assert '<option value="Germany">' in owner.get(TAXES).text
    owner.post(TAXES, **form_of(owner, TAXES) | {"country-0": "germany ", "rate-0": "19"})
    assert read_documents()["tax"].startswith('{"prices_include_tax":true,"tax":{"DE"')


def test_methods_are_added_ordered_and_removed(owner: Browser) -> None:
    sent = form_of(owner, DELIVERY) | {"name-2": "配送", "price-2": "3", "place-2": "0", "remove-1": "1"}
    assert owner.post(DELIVERY, **sent).status_code == 303
    assert [method.code for method in current_terms().delivery_methods] == ["standard", "delivery"]
    sent = form_of(owner, DELIVERY) | {"place-0": "2", "place-1": "1"}
    owner.post(DELIVERY, **sent)
    assert [method.name for method in current_terms().delivery_methods] == ["配送", "Standard delivery"]
    absent = {name: value for name, value in form_of(owner, DELIVERY).items() if not name.endswith("-1")}
    owner.post(DELIVERY, **absent)
    assert len(current_terms().delivery_methods) == 2, "a method that the form lacks stays"


@pytest.mark.parametrize(
    ("path", "typed", "sentence"),
    [
        (DELIVERY, {"price-0": "-1"}, "Enter an amount in USD, such as 5.00."),
        (DELIVERY, {"price-0": "4.999"}, "Enter an amount in USD, such as 5.00."),
        (DELIVERY, {"price-0": ""}, "Enter an amount in USD, such as 5.00."),
        (DELIVERY, {"free-0": "NaN"}, "Enter an amount in USD, such as 5.00."),
        (DELIVERY, {"name-0": " "}, "Enter a name of up to 100 letters."),
        (DELIVERY, {"name-2": "New"}, "Enter an amount in USD, such as 5.00."),
        (DELIVERY, {"where-0": "some"}, "Name at least one country by its code"),
        (DELIVERY, {"countries-0": "DE"}, "You chose “Everywhere”. Remove the countries"),
        (DELIVERY, {"where-0": "some", "countries-0": "DE, UK"}, "(ISO 3166-1); write GB."),
        (DELIVERY, {"where-0": "some", "countries-0": "Germny"}, "(ISO 3166-1); write DE."),
        (DELIVERY, {"name-1": "standard DELIVERY"}, "serves every country twice. Give the two methods"),
        (DELIVERY, {"remove-0": "1", "remove-1": "1"}, "A shop needs a delivery method. Fill one in."),
        (DELIVERY, {"days-0": "x" * 101}, "Use up to 100 characters."),
        (TAXES, {"region-0": "CA", "rate-0": "7"}, "Enter a country."),
        (TAXES, {"country-0": "UK", "rate-0": "20"}, "(ISO 3166-1); write GB."),
        (TAXES, {"country-0": "California", "rate-0": "7.25"}, "not the code of a country"),
        (TAXES, {"country-0": "US", "region-0": "California", "rate-0": "7"}, "(ISO 3166-2); write CA."),
        (TAXES, {"country-0": "US", "region-0": "CA", "rate-0": "7"}, "Add a line for the whole of US"),
        (TAXES, {"country-0": "DE", "rate-0": "-19"}, "Enter a rate in percent from 0 to 99.999"),
        (TAXES, {"country-0": "DE", "rate-0": ""}, "Enter a rate in percent from 0 to 99.999"),
        (TAXES, {"country-0": "DE", "rate-0": "1", "country-1": "DE", "rate-1": "2"}, "DE has two rates."),
        (TAXES, {}, "Enter a rate, or tick that this shop charges no tax."),
        (TAXES, {"untaxed": "1", "country-0": "DE", "rate-0": "1"}, "Remove the lines, or the tick."),
        (TAXES, {"included": "perhaps", "untaxed": "1"}, "Choose whether prices include the tax."),
        (PAYMENT, {"instructions": " \r\n "}, "Enter where to pay, such as your bank and IBAN"),
        (PAYMENT, {"instructions": "x" * 201}, "Use up to 200 characters a line."),
        (PAYMENT, {"instructions": "IBAN", "about": "x" * 201}, "Enter a text of up to 200 letters."),
        (PAYMENT, {"by_invoice": "", "instructions": "IBAN"}, "Offer at least one way to pay."),
    ],
)
def test_what_cannot_be_is_refused_whole(
    owner: Browser, path: str, typed: dict[str, str], sentence: str
) -> None:
    sent = form_of(owner, path) | typed
    answer = owner.post(path, **sent)
    assert answer.status_code == 422
    assert sentence in unescape(answer.text)
    assert stored() == {}
    for name, value in typed.items():
        if value.strip() and name.startswith(("price", "name", "country", "rate")):
            assert f'value="{value}"' in answer.text, "what was typed comes back"


def test_two_people_do_not_overwrite_each_other(owner: Browser) -> None:
    first, second = form_of(owner, DELIVERY), form_of(owner, DELIVERY)
    assert owner.post(DELIVERY, **first | {"price-0": "5.20"}).status_code == 303
    answer = owner.post(DELIVERY, **second | {"price-0": "6.10"})
    assert answer.status_code == 409
    assert "Somebody else has changed this meanwhile." in answer.text
    assert 'value="6.10"' in answer.text
    assert "<dd><bdi>5.20</bdi></dd>" in answer.text
    assert current_terms().delivery_methods[0].price == 520
    seen = re.search(r'name="seen" value="(\w+)"', answer.text)
    assert seen
    assert owner.post(DELIVERY, **second | {"price-0": "6.10", "seen": seen[1]}).status_code == 303
    assert current_terms().delivery_methods[0].price == 610
    assert owner.post(DELIVERY, **second | {"price-0": "6.10"}).status_code == 303, "the same again"
    without = {name: value for name, value in first.items() if name != "seen"}
    assert owner.post(DELIVERY, **without).status_code == 409


def test_taxes_are_stored_as_the_shop_writes_them(owner: Browser) -> None:
    stored_settings.set_value("locale", "de_DE")
    sent = form_of(owner, TAXES) | {"included": "no", "country-0": "us", "rate-0": "0"}
    sent |= {"country-1": "US", "region-1": "CA", "rate-1": "7,25 %", "country-2": "DE", "rate-2": "19"}
    assert owner.post(TAXES, **sent).status_code == 303
    rules = current_terms().tax
    assert not rules.inclusive
    assert [rules.rate_for(*at) for at in (("US", "CA"), ("US", "NY"), ("DE", ""))] == [7250, 0, 19000]
    shown = form_of(owner, TAXES)
    assert (shown["region-1"], shown["rate-1"]) == ("CA", "7,25")
    emptied = {f"{name}-{line}": "" for name in ("country", "region", "rate") for line in range(3)}
    assert owner.post(TAXES, **shown | emptied | {"untaxed": "1"}).status_code == 303
    assert current_terms().tax.countries == {}
    assert form_of(owner, TAXES)["untaxed"] == "1"


@pytest.mark.parametrize(
    ("typed", "rate"), [("19 ％", "19"), ("１９，５", "19.5"), ("7,25", "7.25"), ("٧٫٥", "7.5")]
)
def test_a_rate_has_either_decimal_sign(typed: str, rate: str) -> None:
    assert read_rate(typed) == rate


@pytest.mark.parametrize("typed", ["DE, at", "DE，AT", "ＤＥ、ＡＴ", "de/at", "DE;\nAT,"])
def test_lists_of_countries_are_read_as_people_write_them(typed: str) -> None:
    assert read_countries(typed) == ["AT", "DE"]


@pytest.mark.parametrize("typed", ["CA", "ca", "us-ca", "ＣＡ"])
def test_regions_are_read_as_people_write_them(typed: str) -> None:
    assert check_region("US", typed) == "CA"


def test_the_texts_of_invoices_are_stored(owner: Browser) -> None:
    sent = form_of(owner, PAYMENT) | {"instructions": "Tea House\r\n\r\nIBAN DE02", "about": "14 days."}
    assert owner.post(PAYMENT, **sent).status_code == 303
    [invoice] = current_terms().offered.values()
    assert (str(invoice.name), invoice.about) == ("Invoice", "14 days.")
    assert form_of(owner, PAYMENT)["instructions"] == "Tea House\nIBAN DE02"


def test_a_change_is_in_the_history_with_its_actor(owner: Browser) -> None:
    owner.post(DELIVERY, **form_of(owner, DELIVERY))
    owner.post(DELIVERY, **form_of(owner, DELIVERY) | {"price-0": "5.20"})
    page = owner.get("/admin/changes").text
    assert "standard: price" in page
    assert "4.90" in page
    assert "5.20" in page
    assert "owner" in page


def test_only_roles_with_the_permission_change_terms(app: Flask, owner: Browser) -> None:
    viewer, orders = staff_browser(app, "viewer"), staff_browser(app, "orders")
    for path in (DELIVERY, TAXES, PAYMENT):
        assert "Save</button>" not in viewer.get(path).text
        assert viewer.post(path, **form_of(owner, path)).status_code == 404
        assert orders.get(path).status_code == 404
    assert stored() == {}


def test_a_shop_without_terms_is_led_to_its_settings(app: Flask, owner: Browser) -> None:
    def check() -> str:
        db.session.rollback()
        return app.test_cli_runner().invoke(args=["checkout", "check"]).output

    assert "No delivery method is set. Enter one at /admin/settings/delivery." in check()
    owner.post(DELIVERY, **form_of(owner, DELIVERY))
    owner.post(TAXES, **form_of(owner, TAXES) | {"untaxed": "1"})
    assert check().startswith("How orders are paid is not set. Enter it at /admin/settings/payment.\n")
    owner.post(PAYMENT, **form_of(owner, PAYMENT) | {"instructions": "IBAN DE02"})
    assert (
        check()
        == "The checkout is open: delivery by standard, express; tax in no country; payment by invoice.\n"
    )


def test_the_sentence_of_a_wrong_file_has_a_link(app: Flask, tmp_path: Path, owner: Browser) -> None:
    use_file(app, tmp_path, "[tax.UK]\nrate = '20'")
    page = owner.get("/admin/orders").text
    assert "write GB.</p>" in page
    assert '<a href="/admin/settings/taxes">Correct the terms of sale</a>' in page


def use_file(app: Flask, folder: Path, text: str) -> Path:
    file = folder / "checkout.toml"
    file.write_text(text)
    app.config["CHECKOUT"] = read_checkout_file(file)
    return file


def test_a_file_is_read_until_its_part_is_stored(app: Flask, tmp_path: Path, owner: Browser) -> None:
    text = COMPLETE.replace('"4.90"', '"7.77"')
    use_file(app, tmp_path, text)
    assert form_of(owner, DELIVERY)["price-0"] == "7.77"
    assert "These values come from" in owner.get(DELIVERY).text
    owner.post(DELIVERY, **form_of(owner, DELIVERY) | {"price-0": "5.20"})
    terms = current_terms()
    assert (terms.delivery_methods[0].price, terms.parts_from("file")) == (520, ["tax", "payment"])


def test_the_import_says_what_it_did_and_does_it_once(app: Flask, tmp_path: Path) -> None:
    file = use_file(app, tmp_path, COMPLETE.replace('"4.90"', '"7.77"'))

    def run() -> tuple[int, str]:
        db.session.rollback()
        ran = app.test_cli_runner().invoke(args=["checkout", "import"])
        return ran.exit_code, ran.output

    status, output = run()
    assert status == 0
    assert (
        "Delivery: taken from the file.\nTaxes: taken from the file.\nPayment: taken from the file.\n"
        in output
    )
    assert f"{file} is no longer read, and can be removed." in output
    once = stored()
    assert current_terms().delivery_methods[0].price == 777
    assert [found.about for found in doctor.examine(None) if found.about.startswith("checkout")] == [
        "checkout file",
        "checkout",
    ]
    status, output = run()
    assert (status, stored()) == (0, once)
    assert "Taxes: in the settings already, as in the file.\n" in output
    assert "Nothing was changed." in output
    use_file(app, tmp_path, COMPLETE)
    assert "Delivery: in the settings already, and not as in the file. It stays as it is." in run()[1]
    assert stored() == once


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[tax.UK]\nrate = '20'", "write GB."),
        ("[[delivery]", "cannot be read as TOML"),
        (COMPLETE.replace("Express", "Standard"), "Give the two methods different names"),
    ],
)
def test_a_wrong_file_is_not_imported(app: Flask, tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text)
    ran = app.test_cli_runner().invoke(args=["checkout", "import", str(file)])
    assert ran.exit_code == 1
    assert sentence in ran.output
    assert "Nothing was changed." in ran.output
    assert stored() == {}


def test_the_import_needs_a_file(app: Flask) -> None:
    ran = app.test_cli_runner().invoke(args=["checkout", "import"])
    assert ran.exit_code == 1
    assert "checkout.toml does not exist. Nothing was changed." in ran.output
