"""The terms of sale: production invents none, and a missing or wrong one closes the checkout alone."""

from __future__ import annotations

import os
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from flask import Flask

from storefront import languages
from storefront.app import create_app
from storefront.checkout import holds, terms
from storefront.checkout.errors import CheckoutClosedError
from storefront.checkout.payment import PaymentProvider
from storefront.checkout.payment.invoice import Invoice
from storefront.checkout.place_order import place_order
from storefront.checkout.sample_order import make_sample_order
from storefront.checkout.term_reader import Terms, read_terms
from storefront.config.values import CheckoutFile, read_checkout_file
from storefront.ops import doctor
from storefront.shop_settings import stored_documents, stored_settings
from tests.accounts.people import Browser, make_user, stored_mails
from tests.checkout.shoppers import count_orders, current_digest, make_draft, stock_level
from tests.checkout.test_pages import DETAILS, place, review
from tests.factories import make_product
from tests.processes import ROOT

COMPLETE = (ROOT / "tests" / "checkout.toml").read_text()
DELIVERY = "[[delivery]]\ncode = 'a'\nname = 'A'\nprice = '1'\n"
REST = "[tax]\n[invoice]\ninstructions = ['IBAN …']\n"
PRODUCTION = {"STOREFRONT_ENV": "production", "SECRET_KEY": "k" * 40, "TRUSTED_HOSTS": "shop.example"}


def read(
    text: str, folder: Path, *, demo: bool = False, more: Mapping[str, PaymentProvider] | None = None
) -> Terms:
    file = folder / "terms.toml"
    file.write_text(text, errors="surrogateescape")
    found = read_checkout_file(file)
    return read_terms({}, found, {}, more or {}, currency="USD", locale="de_DE", has_demo_terms=demo)


def sentences(found: Terms) -> list[str]:
    return list(map(str, found.problems))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('delivery = "x"', "as a table [[delivery]]"),
        ("delivery = []", "as a table [[delivery]]"),
        ("[[delivery]]\ncode = 'A B'", "small letters"),
        ("[[delivery]]\ncode = 'a'", "needs a name"),
        ("[[delivery]]\ncode = 'a'\nname = 'A'", "amount in USD as text"),
        ("[[delivery]]\ncode = 'a'\nname = 'A'\nprice = 4.9", "amount in USD as text"),
        ("[[delivery]]\ncode = 'a'\nname = 'A'\nprice = '4.999'", "amount in USD as text"),
        ("[[delivery]]\ncode = 'a'\nname = 'A'\nprice = '-1'", "amount in USD as text"),
        ("[[delivery]]\ncode = 'a'\nname = 'A'\nprice = 'NaN'", "amount in USD as text"),
        ("[[delivery]]\ncode = 'a'\nname = 'A'\nprice = '1e3'", "amount in USD as text"),
        ("[[delivery]]\ncode = 'a'\nname = '\u200b'\nprice = '1'", "needs a name"),
        ("[tax.DE]\nrate = '0.19'", "write a percentage as text"),
        ("[tax.EN]\nrate = '20'", "write GB."),
        (f"{DELIVERY}countries = ['U.S.A.']", "write US."),
        (f"{DELIVERY}countries = ['Holland']", "write NL."),
        (f"{DELIVERY}countries = 'DE'", "must be codes"),
        (f"{DELIVERY}countries = []", "must be codes"),
        (f"{DELIVERY}countries = ['UK']", "'UK' is not the code of a country (ISO 3166-1); write GB."),
        (f"{DELIVERY}countries = ['DE', 'Österreich']", "write AT."),
        (f"{DELIVERY}countries = ['EU']", "write a code such as DE or US."),
        (f"{DELIVERY}colour = 'red'", "has no 'colour'"),
        ("prices_include_tax = 'yes'", "true or false"),
        ("tax = 19", "as tables"),
        ("tax.DE = '19'", "as a table, such as [tax.DE]"),
        ("[tax.UK]\nrate = '20'", "[tax.UK]: 'UK' is not the code of a country (ISO 3166-1); write GB."),
        ("[tax.Germany]\nrate = '19'", "write DE."),
        ("[tax.Deutschland]\nrate = '19'", "write DE."),
        ("[tax.de]\nrate = '19'", "write DE."),
        ("[tax.USA]\nrate = '0'", "write US."),
        ("[tax.DE]\nrate = 19", "percentage as text"),
        ("[tax.DE]\nrate = '100'", "percentage as text"),
        ("[tax.DE]\nrat = '19'", "has no 'rat'"),
        ("[tax.DE]", "has no rate"),
        ("[tax.US]\nrate = '0'\nregions = '7'", "regions"),
        (
            "[tax.US]\nrate = '0'\nregions = { California = '7.25' }",
            "'California' is not the code of a region of US",
        ),
        ("[tax.US]\nrate = '0'\nregions = { California = '7.25' }", "(ISO 3166-2); write CA."),
        ("[tax.US]\nrate = '0'\nregions = { XX = '7.25' }", "write a code such as AL."),
        ("[tax.US]\nrate = '0'\nregions = { CA = '7.25', US-CA = '7' }", "names the region US-CA twice"),
        ("[tax.JP]\nrate = '0'\nregions = { Tokyo = '10' }", "write 13."),
        ("[tax.DE]\nrate = '19'\nregions = { BY = '7' }", "addresses in DE name no region"),
        ("[invoice]\noffered = 'no'", "must be true or false"),
        ("[invoice]\noffered = false", "nothing to pay with"),
        ("nonsense", "cannot be read as TOML"),
        ("shipping = 1", "not a known section"),
        ("\udcff", "cannot be read as TOML"),
    ],
)
def test_wrong_terms_close_the_checkout(tmp_path: Path, text: str, sentence: str) -> None:
    for demo in (True, False):
        assert sentence in " ".join(sentences(read(text, tmp_path, demo=demo)))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (REST, "no delivery method"),
        (f"{DELIVERY}[invoice]\ninstructions = ['IBAN']", "tax is missing"),
        (f"{DELIVERY}[tax]", "[invoice] does not say where to pay"),
        (f"{DELIVERY}[tax]\n[invoice]\ninstructions = [' ']", "[invoice] does not say where to pay"),
    ],
)
def test_production_invents_no_terms(tmp_path: Path, text: str, sentence: str) -> None:
    found = read(text, tmp_path)
    assert len(found.problems) == 1
    assert sentence in sentences(found)[0]
    assert not read(text, tmp_path, demo=True).problems, "the demo fills in what is missing"
    assert not read(DELIVERY + REST, tmp_path).problems


def test_invoices_that_are_turned_off_serve_earlier_orders(app: Flask, tmp_path: Path) -> None:
    cash = {"cash": Invoice("Cash", "", (), code="cash")}
    found = read(
        f"{DELIVERY}[tax]\n[invoice]\noffered = false\ninstructions = ['IBAN 1']", tmp_path, more=cash
    )
    assert not found.problems
    assert list(found.offered) == ["cash"]
    assert found.providers["invoice"].instructions(make_sample_order("placed"))[-1] == "IBAN 1"
    without = read(f"{DELIVERY}[tax]\n[invoice]\noffered = false", tmp_path, more=cash)
    assert not without.problems
    assert list(without.providers) == ["cash"]


def test_the_demo_promises_no_bank_details(app: Flask) -> None:
    make_product("Pot", variants=[{"sku": "POT", "price": 900, "on_hand": 5}])
    place_order(draft := make_draft({"POT": 1}), "a key of good length", current_digest(draft))
    letter = stored_mails(app)[-1].get_body(("plain",)).get_content()
    assert "[The shop’s bank details: enter them in the settings]" in letter
    assert "by e-mail" not in letter


def test_all_wrong_terms_are_named_at_once(tmp_path: Path) -> None:
    found = read("prices_include_tax = 1\n[[delivery]]\n[invoice]\nname = 1", tmp_path)
    assert [problem.split()[0] for problem in sentences(found)] == ["checkout.toml:"] * 3


def test_regions_are_stored_as_addresses_store_them(tmp_path: Path) -> None:
    rates = "[tax.US]\nrate = '0'\nregions = { US-CA = '7.25', ny = '8' }\n"
    rates += "[tax.IN]\nrate = '1'\nregions = { KA = '2' }\n"
    rules = read(f"{DELIVERY}{rates}[invoice]\ninstructions = ['IBAN']", tmp_path).tax
    places = [("US", "CA"), ("US", "NY"), ("US", "TX"), ("IN", "Karnataka"), ("IN", "Goa")]
    assert [rules.rate_for(*one) for one in places] == [7250, 8000, 0, 2000, 1000]


def close(app: Flask) -> None:
    """Close the checkout as if the process had been started with wrong terms."""
    app.config["CHECKOUT"] = CheckoutFile(
        "/srv/checkout.toml", None, "/srv/checkout.toml cannot be read: no."
    )
    terms.init_app(app)


@pytest.fixture
def guest(app: Flask) -> Browser:
    """A guest with two of three teapots in the basket."""
    make_product("Teapot", variants=[{"sku": "T", "on_hand": 3, "price": 1999}])
    browser = Browser(app)
    browser.post("/cart/lines", sku="T", quantity="2")
    return browser


@pytest.mark.any_database
def test_a_closed_checkout_is_a_friendly_page(app: Flask, guest: Browser) -> None:
    draft = make_draft({"T": 1})
    digest = current_digest(draft)
    page = review(guest)
    before = stock_level("T")
    close(app)
    for answer in (
        guest.get("/checkout"),
        guest.get("/checkout/review"),
        guest.post("/checkout", **DETAILS),
        guest.post("/checkout", **DETAILS, place="1"),
        guest.post("/checkout", do="hold"),
        place(guest, page),
    ):
        assert answer.status_code == 503
        assert "Your basket is saved. Please try again later." in answer.text
        assert "checkout.toml" not in answer.text, "only staff read why"
        assert answer.headers["Retry-After"] == "600"
    with pytest.raises(CheckoutClosedError):
        holds.reserve(draft)
    with pytest.raises(CheckoutClosedError):
        place_order(draft, "a key of good length", digest)
    assert (count_orders(), stock_level("T")) == (0, before)
    assert (
        guest.get("/").status_code
        == guest.get("/cart").status_code
        == guest.get("/products").status_code
        == 200
    )


@pytest.mark.any_database
def test_an_order_placed_before_the_closing_is_shown(app: Flask, guest: Browser) -> None:
    page = review(guest)
    first = place(guest, page)
    close(app)
    again = place(guest, page)
    assert (again.status_code, again.location.split("?")[0]) == (303, first.location.split("?")[0])
    assert guest.get(first.location).status_code == 200
    assert len(stored_mails(app)) == 1


@pytest.mark.any_database
def test_staff_the_doctor_and_the_log_say_why(
    app: Flask, guest: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    make_user("boss@shop.example", staff=True)
    guest.sign_in("boss@shop.example")
    assert "Checkout is unavailable" not in guest.get("/admin/orders").text
    close(app)
    sentence = "/srv/checkout.toml cannot be read: no."
    for path in ("/checkout", "/admin/orders", "/admin/system"):
        assert sentence in guest.get(path).text
    assert f"The checkout is closed: {sentence}" in caplog.messages
    [finding] = [found for found in doctor.examine(None) if found.about == "checkout"]
    assert finding.level == doctor.Level.WRONG
    assert sentence in finding.sentence


@pytest.mark.parametrize("env", ["production", "development"])
@pytest.mark.parametrize("text", [None, "[[delivery]", "[tax.UK]\nrate = '20'"])
def test_no_command_stops_at_wrong_terms(tmp_path: Path, env: str, text: str | None) -> None:
    if text is not None:
        (tmp_path / "checkout.toml").write_text(text)
    environ = PRODUCTION if env == "production" else {}
    app = create_app({"PATH": os.environ["PATH"], **environ}, instance=tmp_path)
    with app.app_context():
        assert bool(terms.current_terms().problems) == (env == "production" or text is not None)


def test_the_check_says_what_production_would_do(app: Flask, tmp_path: Path) -> None:
    def check(text: str | None) -> tuple[int, str]:
        file = tmp_path / "own.toml"
        if text is not None:
            file.write_text(text)
        ran = app.test_cli_runner().invoke(
            args=["checkout", "check", *([str(file)] if text is not None else [])]
        )
        return ran.exit_code, ran.output

    assert check(COMPLETE)[0] == 0
    status, output = check("[tax.UK]\nrate = '20'")
    assert status == 1
    assert "write GB." in output
    status, output = check(None)
    assert status == 1
    assert "No delivery method is set. Enter one at /admin/settings/delivery." in output, (
        "the demo terms of development are not those of production"
    )


def test_terms_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    assert read(f"\ufeff{COMPLETE}", tmp_path).problems == ()


def test_broken_terms_print_a_sentence_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "checkout.toml").write_text("[[delivery]")
    environ = {"PATH": os.environ["PATH"], "FLASK_APP": "wsgi", "STOREFRONT_INSTANCE_DIR": str(tmp_path)}
    command = [str(ROOT / ".venv" / "bin" / "flask"), "checkout", "check"]
    ran = subprocess.run(command, cwd=ROOT, env=environ, check=False, capture_output=True, text=True)
    assert ran.returncode == 1
    assert "Traceback" not in ran.stdout + ran.stderr
    assert "cannot be read as TOML" in ran.stdout


def test_the_example_of_the_documents_is_complete(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "checkout.md").read_text()
    blocks = [block.partition("```")[0] for block in page.split("```toml\n")[1:]]
    text = "\n".join(blocks)
    assert tomllib.loads(text)
    assert read(text, tmp_path).problems == ()


def test_problems_are_in_the_language_of_the_office(app: Flask) -> None:
    stored_settings.set_value("locale", "de_DE")
    stored_documents.add_documents({"tax": "[]"})
    with languages.use(languages.Language("ja", "ja_JP")):  # a shopper's page asks first
        assert terms.current_terms().problems
    [problem] = sentences(terms.current_terms())
    assert "Der gespeicherte Wert ist nicht lesbar." in problem
