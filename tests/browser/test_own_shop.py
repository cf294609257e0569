"""From `make run` to a shop of one's own in German: in fewer than 60 clicks, without a shell."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.letters import sign_in_link
from tests.browser.pages import wait_until_interactive
from tests.factories import png
from tests.processes import Shop, served

MOST = 60
NAME = "Werkstatt Kiefer"
SETTINGS = {
    "name": NAME,
    "locale": "de_DE",
    "currency": "EUR",
    "timezone": "Europe/Berlin",
    "company": NAME,
    "street": "Ahornweg 3",
    "postcode": "10115",
    "city": "Berlin",
    "contact_email": "post@shop.example",
}
LEGAL = ("Impressum", "Allgemeine Geschäftsbedingungen", "Datenschutz")
ADDRESS = {
    "Name": "Ada Byron",
    "Straße und Hausnummer": "Ulmenweg 5",
    "Postleitzahl": "10115",
    "Ort": "Berlin",
}


class Merchant:
    """A person in a browser: fills fields in, and counts the clicks."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0

    def open(self, path: str) -> None:
        """Open a page of the menu, which is a click."""
        self.page.goto(path)
        self.clicks += 1

    def click(self, target: Locator) -> None:
        target.click()
        self.clicks += 1

    def press(self, name: str) -> None:
        """Press a button of the page, and wait for what follows."""
        with self.page.expect_navigation():
            self.click(self.page.get_by_role("main").get_by_role("button", name=name, exact=True))

    def fill(self, values: dict[str, str]) -> None:
        for name, value in values.items():
            self.page.locator(f"main [name='{name}']").fill(value)

    def choose(self, name: str, value: str) -> None:
        self.page.locator(f"main select[name='{name}']").select_option(value)
        self.clicks += 1


@pytest.fixture
def fresh(chromium: str, media: Path, demo: Path, tmp_path: Path) -> Iterator[Shop]:
    """A new shop with the demo, served by `make run`, with pictures of its own: tests remove the demo."""
    own = tmp_path / "media"
    shutil.copytree(media, own, copy_function=os.link, ignore=shutil.ignore_patterns("*.part"))
    with served(tmp_path / "instance", STOREFRONT_MEDIA_DIR=str(own)) as shop:
        yield shop


@pytest.fixture
def merchant(browser: Browser, fresh: Shop) -> Iterator[Merchant]:
    """The owner, who has opened the link that `make run` prints."""
    context = browser.new_context(base_url=fresh.url, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(sign_in_link(fresh))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/admin")
    yield Merchant(page)
    context.close()


def upload(name: str) -> dict[str, object]:
    """Return a picture for an upload."""
    return {"name": name, "mimeType": "image/png", "buffer": png(40, (640, 480))}


def set_up(merchant: Merchant) -> None:
    page = merchant.page
    merchant.open("/admin/settings")
    merchant.fill(SETTINGS)
    merchant.choose("country", "DE")
    merchant.press("Save")
    expect(page.get_by_role("status").first).to_have_text("Gespeichert.")

    merchant.open("/admin/settings/look")
    merchant.fill({"accent_color": "#7a2e1d"})
    merchant.press("Speichern")
    page.locator("#logo-picture").set_input_files(upload("logo.png"))  # type: ignore[arg-type]
    with page.expect_navigation():
        merchant.click(page.get_by_role("region", name="Logo").get_by_role("button", name="Bild speichern"))

    merchant.open("/admin/settings/delivery")
    merchant.fill({"price-0": "5,90", "free-0": "80,00"})
    merchant.press("Speichern")
    merchant.open("/admin/settings/taxes")
    merchant.fill({"country-1": "DE", "rate-1": "19"})
    merchant.press("Speichern")
    merchant.open("/admin/settings/payment")
    merchant.fill({"instructions": "Kontoinhaber: Werkstatt Kiefer"})
    merchant.press("Speichern")


def write_pages(merchant: Merchant) -> None:
    page = merchant.page
    merchant.open("/admin/pages")
    merchant.press("Diese Entwürfe hinzufügen")
    for title in LEGAL:
        with page.expect_navigation():
            merchant.click(page.get_by_role("main").get_by_role("link", name=title))
        for name in ("checked", "published"):
            merchant.click(page.locator(f"main [name='{name}']"))
        merchant.press("Speichern")
        merchant.open("/admin/pages")

    merchant.open("/admin/menus/header")
    merchant.choose("target", "address")
    merchant.fill({"address": "/products", "label": "Alles aus Holz"})
    merchant.press("Hinzufügen")

    merchant.open("/admin/front-page")
    merchant.press("Mit einer leeren Seite beginnen")
    with page.expect_navigation():
        merchant.click(page.get_by_role("link", name="Große Überschrift mit Bild"))
    merchant.fill({"heading": "Dinge aus Kiefer", "button": "Ansehen", "link": "/products"})
    merchant.press("Zum Entwurf hinzufügen")
    merchant.open("/admin/front-page")
    merchant.press("Entwurf veröffentlichen")


def fill_shelves(merchant: Merchant) -> None:
    page = merchant.page
    merchant.open("/admin/products/new")
    merchant.fill({"title": "Schneidebrett"})
    page.get_by_role("textbox", name=re.compile("^Preis")).fill("24,90")
    page.get_by_label("Bestand", exact=True).fill("9")
    page.get_by_label("Status", exact=True).select_option("active")
    merchant.press("Speichern")
    merchant.open("/admin/setup/demo")
    merchant.press("Demo endgültig entfernen")


def buy(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Dinge aus Kiefer")
    expect(page.locator(".site-header img")).to_be_visible()
    page.get_by_role("link", name="Alles aus Holz").click()
    expect(page.locator(".card")).to_have_count(1)
    page.get_by_role("link", name="Schneidebrett").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Schneidebrett")
    expect(page.get_by_text("24,90 €").first).to_be_visible()
    wait_until_interactive(page)  # before that the button sends the form, which leads to the basket by itself
    page.get_by_role("button", name="In den Warenkorb").first.click()
    page.get_by_role("link", name="Zum Warenkorb").click()
    page.get_by_role("button", name="Zur Kasse").click()
    page.get_by_label("E-Mail-Adresse").fill("ada@shop.example")
    address = page.get_by_role("region", name="Lieferadresse", exact=True)
    for label, value in ADDRESS.items():
        address.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Weiter zur Prüfung").click()
    expect(page.get_by_text("30,80 €").first).to_be_visible()
    expect(page.get_by_role("link", name="Allgemeine Geschäftsbedingungen").first).to_be_visible()
    page.get_by_role("button", name="Jetzt kaufen für").click()
    expect(page.get_by_role("status").first).to_have_text(
        "Vielen Dank! Ihre Bestellung ist bei uns eingegangen."
    )
    expect(page.get_by_text("Kontoinhaber: Werkstatt Kiefer")).to_be_visible()


def test_the_demo_becomes_a_shop_of_ones_own(merchant: Merchant, fresh: Shop, browser: Browser) -> None:
    set_up(merchant)
    write_pages(merchant)
    fill_shelves(merchant)
    context = browser.new_context(base_url=fresh.url, viewport={"width": 360, "height": 740})
    buy(context.new_page())
    context.close()
    merchant.open("/admin/setup")
    assert merchant.clicks < MOST
