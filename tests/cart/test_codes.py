"""A variant with any code can be chosen, bought, changed and removed with the links and forms of the pages."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urljoin

import pytest
from flask.testing import FlaskClient

from tests.cart.test_basket_form import submit
from tests.cart.test_cart import OWN, lines
from tests.factories import make_product

pytestmark = pytest.mark.any_database

CODES = [".", "..", "%2e", "a/../b", "a//b", "removal", "x/removal", "x/saving", "?a=b&c", "#1 +2", '"<é>']


class Forms(HTMLParser):
    """The forms of a page.

    Args:
        page: its HTML.

    Attributes:
        fields: the fields of each form, by the address to which a browser sends it.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, dict[str, str]] = {}
        self._open: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Begin a form, or note a field."""
        values = {name: value or "" for name, value in attributes}
        if tag == "form":
            # Removes `.` and `..`, as browsers do (RFC 3986, 5.2.4).
            address = urljoin("http://localhost/cart", values["action"]).removeprefix("http://localhost")
            self._open = self.fields[address] = {}
        elif tag == "input":
            self._open[values["name"]] = values["value"]


def send(client: FlaskClient, page: str, path: str, **fields: str) -> None:
    """Send a form of a page as a browser does."""
    form = Forms(client.get(page).text).fields[path]
    assert client.post(path, data=form | fields, headers=OWN).status_code == 303


def press(client: FlaskClient, button: str) -> None:
    """Press a button of the basket's first line."""
    found = re.search(rf'name="{button}" value="(\d+)"', client.get("/cart").text)
    assert found
    assert client.post("/cart", data={button: found[1]}, headers=OWN).status_code == 303


@pytest.mark.parametrize("code", CODES)
def test_pages_have_links_and_forms_for_any_code(client: FlaskClient, code: str) -> None:
    variants = [{"sku": "plain", "option1": "A"}, {"sku": code, "option1": "B"}]
    make_product("Cup", option_names=["Size"], variants=variants)
    page = client.get("/products/cup?variant=plain").text
    links = re.findall(r'<a class="choice" href="([^"]+)#buy"([^>]*)', page)
    link = next(unescape(address) for address, attributes in links if "aria-current" not in attributes)
    send(client, link, "/cart/lines")
    assert lines() == {code: 1}
    assert submit(client, client.get("/cart").text, "update", {"a": "7"}).status_code == 303
    assert lines() == {code: 7}
    assert submit(client, client.get("/cart").text, "save", {}).status_code == 303
    assert "Saved for later" in client.get("/cart").text
    press(client, "remove")
    assert lines() == {}
