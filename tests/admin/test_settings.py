"""/admin/settings: a change shows at once, nothing is half-saved, and nobody overwrites anybody."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask

from storefront import shop_settings
from storefront.admin.named_codes import read_code
from storefront.admin.setting_parts import FIELDS, PARTS
from storefront.catalog import shop_pictures
from storefront.errors import ConfigurationError
from storefront.shop_settings import stored_settings
from tests.accounts.people import Browser, staff_browser

pytestmark = pytest.mark.any_database


@pytest.fixture
def owner(app: Flask) -> Browser:
    return staff_browser(app, "owner")


def form_of(browser: Browser) -> dict[str, str]:
    """Return what a browser sends if the forms of all pages are sent as they stand."""
    page = "".join(browser.get(f"/admin/settings/{part.slug}", follow_redirects=True).text for part in PARTS)
    sent = {
        name: unescape(value)
        for name, value in re.findall(r'name="([\w-]+)"[^>]*? value="([^"]*)"', page)
        if name.removeprefix("seen-") in FIELDS
    }
    lists = re.findall(r'<select[^>]*name="(\w+)"(.*?)</select>', page, re.DOTALL)
    chosen = {
        name: value for name, inside in lists for value in re.findall(r'value="(\w+)" selected', inside)
    }
    return sent | chosen


def test_faults_are_in_the_language_of_the_office(owner: Browser) -> None:
    stored_settings.set_value("locale", "de_DE")
    wrong = {"languages": "de_CH, de_CH", "timezone": "Europe/Berln", "contact_email": "x"}
    page = owner.post("/admin/settings", **form_of(owner) | wrong).text
    for sentence in (
        "nennt eine Sprache doppelt",
        "„Europe/Berln“ ist keine Zeitzone. Geben Sie eine an, zum Beispiel Europe/Berlin",
        "zum Beispiel shop@shop.example",
    ):
        assert sentence in page
    page = owner.post("/admin/settings/look", **form_of(owner) | {"accent_color": "#fc0"}).text
    assert "wo 4,5 nötig ist" in page


def test_each_setting_has_a_field() -> None:
    pictures = set(shop_pictures.NAMES)
    assert set(FIELDS) == set(shop_settings.ShopSettings.names()) - pictures


def test_a_change_shows_in_the_shop_at_once(app: Flask, owner: Browser) -> None:
    shopper = Browser(app)
    assert "Kettle &amp; Clay" in shopper.get("/").text
    sent = form_of(owner)
    assert sent["invoice_days"] == "14"
    assert sent["stock_display"] == "low"
    assert sent["order_letters"] == "on"
    answer = owner.post("/admin/settings", **sent | {"name": "Tea <House>", "timezone": "Asia/Tokyo"})
    assert answer.location == "/admin/settings?said=saved"
    assert "Tea &lt;House&gt;" in shopper.get("/").text
    stored = {each.name: each.origin for each in stored_settings.describe_settings()}
    assert {name for name, origin in stored.items() if origin == "stored"} == {"name", "timezone"}
    owner.post("/admin/settings", **form_of(owner) | {"name": ""})
    assert "Kettle &amp; Clay" in shopper.get("/").text, "an emptied field goes back to the default"


def test_one_wrong_field_saves_nothing(app: Flask, owner: Browser) -> None:
    typed = form_of(owner) | {"name": "Tea House", "timezone": "Europe/Berln", "invoice_days": "x" * 600}
    answer = owner.post("/admin/settings", **typed)
    assert answer.status_code == 422
    assert "Time zone is &#39;Europe/Berln&#39;" in answer.text
    assert "Did you mean Europe/Berlin?" in answer.text
    assert 'value="Tea House"' in answer.text
    assert shop_settings.current().name == "Kettle & Clay"
    answer = owner.post("/admin/settings", **form_of(owner) | {"stock_display": "all"})
    assert answer.status_code == 422
    assert owner.post("/admin/settings").status_code == 303, "an absent field stays as it is"
    assert shop_settings.current().name == "Kettle & Clay"


def test_names_stand_for_codes(owner: Browser) -> None:
    page = owner.get("/admin/settings").text
    assert '<option value="de_DE" label="German (Germany)">' in page
    typed = {"locale": "Deutsch", "currency": "€", "timezone": "berlin", "languages": "Englisch, 日本語"}
    assert owner.post("/admin/settings", **form_of(owner) | typed).status_code == 303
    stored = shop_settings.current()
    assert (stored.locale, stored.currency, stored.timezone) == ("de_DE", "EUR", "Europe/Berlin")
    assert stored.languages == "en_US, ja_JP"
    assert read_code("locale", "Deutsch (Österreich)", "en_US") == "de_AT"
    assert read_code("currency", "$", "en_US") == "USD"
    assert read_code("currency", "$", "en_AU") == "$", "two currencies have it there"
    assert read_code("timezone", "Wien", "en_US") == "Europe/Vienna"
    assert read_code("timezone", "Nowhere", "en_US") == "Nowhere"


def test_a_closing_with_a_passed_end_is_refused(app: Flask, owner: Browser) -> None:
    past = "2020-01-01T09:00"
    for field in ("announcement_end", "reopens_at"):
        answer = owner.post("/admin/settings/notices", **form_of(owner) | {field: past})
        assert (answer.status_code, "This moment has passed." in answer.text) == (422, True), field
    stored_settings.set_value("reopens_at", past)  # of the last holidays
    answer = owner.post("/admin/settings/notices", **form_of(owner) | {"closed": "on"})
    assert (answer.status_code, "This moment has passed." in answer.text) == (422, True)
    assert not shop_settings.current().closed
    assert owner.post("/admin/settings", **form_of(owner) | {"name": "Tea"}).status_code == 303


@pytest.mark.parametrize(
    ("name", "typed", "stored"),
    [
        ("contact_phone", "(555) 123-4567", "(555) 123-4567"),
        ("contact_phone", "０３‑１２３４‑５６７８", "03-1234-5678"),
        ("invoice_days", "７", 7),
        ("currency", "XXX", None),
        ("currency", "DEM", None),
        ("timezone", "localtime", None),
        ("announcement_link", "/\u202eproducts", None),
    ],
)
def test_settings_are_read_as_people_write_them(app: Flask, name: str, typed: str, stored: object) -> None:
    before = getattr(shop_settings.current(), name)
    if stored is None:
        with pytest.raises(ConfigurationError):
            stored_settings.set_value(name, typed)
    else:
        stored_settings.set_value(name, typed)
    assert getattr(shop_settings.current(), name) == (before if stored is None else stored)


def test_a_button_saves_the_nearest_colour_and_all_else(app: Flask, owner: Browser) -> None:
    typed = form_of(owner) | {"accent_color": "#FC0", "corners": "sharp"}
    page = owner.post("/admin/settings/look", **typed).text
    assert "The nearest colour that can be read is #856900." in page
    assert 'value="#FC0"' in page
    assert page.index('class="visually-hidden" tabindex="-1"') < page.index('name="take-accent_color"'), (
        "Enter saves"
    )
    assert shop_settings.current().corners == "soft", "nothing is saved yet"
    answer = owner.post("/admin/settings/look", **typed | {"take-accent_color": "1", "timezone": "Nowhere"})
    assert answer.status_code == 422
    assert 'value="#856900"' in answer.text, "the colour is in the form, whatever else is wrong"
    assert owner.post("/admin/settings/look", **typed | {"take-accent_color": "1"}).status_code == 303
    settings = shop_settings.current()
    assert (settings.accent_color, settings.corners) == ("#856900", "sharp")
    assert owner.post("/admin/settings", name="Tea", **{"take-name": "1", "seen-name": ""}).status_code == 409
    assert "take-accent_color" not in owner.post("/admin/settings/look", accent_color="red").text


def test_two_people_do_not_overwrite_each_other(app: Flask, owner: Browser) -> None:
    first, second = form_of(owner), form_of(owner)
    owner.post("/admin/settings", **first | {"name": "Tea House"})
    answer = owner.post("/admin/settings", **second | {"invoice_days": "30"})
    assert answer.status_code == 303, "other fields do not meet"
    assert shop_settings.current().name == "Tea House"
    answer = owner.post("/admin/settings", **second | {"name": "Pot House"})
    assert answer.status_code == 409
    assert "Saved now: Tea House" in answer.text
    assert 'value="Pot House"' in answer.text
    assert shop_settings.current().name == "Tea House"
    again = second | {"name": "Pot House", "seen-name": "Tea House", "invoice_days": "30"}
    assert 'name="seen-name" value="Tea House"' in answer.text
    assert owner.post("/admin/settings", **again).status_code == 303
    assert shop_settings.current().name == "Pot House"


def test_only_roles_with_the_permission_change_settings(app: Flask) -> None:
    viewer = staff_browser(app, "viewer")
    assert "Save</button>" not in viewer.get("/admin/settings").text
    assert viewer.post("/admin/settings", name="Mine").status_code == 404
    assert staff_browser(app, "orders").get("/admin/settings").status_code == 404


def test_the_environment_wins_and_the_page_says_so(app: Flask) -> None:
    app.config["SHOP_SETTINGS"] = {"name": "Set Elsewhere"}
    owner = staff_browser(app, "owner")
    page = owner.get("/admin/settings").text
    assert "Set by the environment: STOREFRONT_NAME" in page
    assert 'name="name"' not in page
    assert owner.post("/admin/settings", name="Mine").status_code == 303
    assert "Set Elsewhere" in owner.get("/admin/settings").text
