"""The basket's form: every button keeps the quantities that were typed."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.cart.test_cart import OWN, lines, put
from tests.factories import make_product

pytestmark = pytest.mark.any_database


@pytest.fixture
def shopper(client: FlaskClient) -> FlaskClient:
    """Somebody with one of each of three products in the basket."""
    for sku in ("A", "B & 2", ".."):
        make_product(f"Pot {sku}", variants=[{"sku": sku}])
        put(client, sku)
    return client


def send(client: FlaskClient, button: str, **typed: str) -> TestResponse:
    """Type quantities into the basket's page, by letter of the line, and press a button; of a line, that of "c"."""
    return submit(client, client.get("/cart").text, button, typed)


def submit(client: FlaskClient, page: str, button: str, typed: dict[str, str]) -> TestResponse:
    fields = re.findall(r'<input [^>]*form="basket"[^>]* name="(\w+)"[^>]*?value="([^"]*)"', page)
    form = {name: [value for key, value in fields if key == name] for name, _ in fields}
    assert form
    for place, quantity in typed.items():
        form["quantity"]["abc".index(place)] = quantity
    pressed = {button: form["line"][-1]} if button in ("save", "remove") else {"do": button}
    return client.post("/cart", data=form | pressed, headers=OWN)


@pytest.mark.parametrize(
    ("button", "target"),
    [
        ("checkout", "/checkout"),
        ("update", "/cart?said=changed"),
        ("", "/cart?said=changed"),
        ("save", "/cart?said=saved"),
        ("remove", "/cart?said=removed"),
    ],
)
def test_every_button_saves_all_typed_quantities(shopper: FlaskClient, button: str, target: str) -> None:
    answer = send(shopper, button, a="3", b=" 5 ")
    assert (answer.status_code, answer.location) == (303, target)
    assert lines() == {"A": 3, "B & 2": 5} | ({} if button == "remove" else {"..": 1})
    if button == "checkout":
        assert re.search(r"3<span aria-hidden='true'> ×", shopper.get("/checkout").text)


@pytest.mark.parametrize("typed", ["", "0", "-1", "2.5", "100", "1e1", "two <b>", "9" * 5000])
@pytest.mark.parametrize("button", ["checkout", "save"])
def test_an_invalid_quantity_is_named_beside_its_field(shopper: FlaskClient, typed: str, button: str) -> None:
    answer = send(shopper, button, a="3", b=typed)
    assert answer.status_code == 422
    assert answer.text.count(">Enter a quantity from 1 to 99.") == 1
    field = next(field for field in re.findall(r"<input [^>]*>", answer.text) if "aria-invalid" in field)
    assert f'value="{typed[:20]}"' in unescape(field), "what was typed is still there"
    described = re.search(r'aria-describedby="([^"]+)"', field)
    assert described
    assert re.search(rf'id="{described[1]}"[^>]*>Enter a quantity', answer.text)
    assert lines() == {"A": 3, "B & 2": 1, "..": 1}, "everything else is saved"
    assert ("Saved for later" in answer.text) == (button == "save")


def test_a_quantity_in_digits_of_another_script_is_read(shopper: FlaskClient) -> None:
    assert send(shopper, "checkout", a="３", b="٤").status_code == 303
    assert lines() == {"A": 3, "B & 2": 4, "..": 1}


def test_a_removed_line_needs_no_valid_quantity(shopper: FlaskClient) -> None:
    answer = send(shopper, "remove", c="none")
    assert (answer.status_code, lines()) == (303, {"A": 1, "B & 2": 1})


def test_a_form_changes_no_lines_of_others(app: Flask, shopper: FlaskClient) -> None:
    page = shopper.get("/cart").text
    stranger = app.test_client()
    put(stranger, "A")
    assert submit(stranger, page, "remove", {"a": "9"}).status_code == 422
    assert lines() == {"A": 1, "B & 2": 1, "..": 1}


def test_a_tab_changes_only_what_was_typed_into_it(shopper: FlaskClient) -> None:
    stale = shopper.get("/cart").text
    send(shopper, "update", a="4")
    submit(shopper, stale, "checkout", {"b": "2"})
    assert lines() == {"A": 4, "B & 2": 2, "..": 1}
    shopper.post("/cart/removal", data={"sku": "A"}, headers=OWN)
    assert submit(shopper, stale, "checkout", {}).location == "/checkout", "it was not changed here"
    answer = submit(shopper, stale, "checkout", {"a": "7", "b": "6"})
    assert answer.status_code == 422
    assert "no longer in your basket" in answer.text
    assert lines() == {"B & 2": 6, "..": 1}


def test_enter_in_a_field_only_saves(shopper: FlaskClient) -> None:
    page = shopper.get("/cart").text
    first = re.search(r'<form id="basket"[^>]*>\s*<button([^>]*)>', page)
    assert first, "a browser presses the form's first button"
    assert 'name="do" value="update"' in first[1]
    assert page.index('id="basket"') < page.index('form="basket"')


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"line": ["1", "1"], "quantity": ["2"], "shown": []},
        {"line": ["", "\x00", "0", "-1", "9" * 30, "1.5", "٣"], "quantity": ["2"] * 7},
        {"quantity": ["5"]},
        {"remove": "9" * 30},
        {"save": "1"},
        {"do": "anything", "line": [str(n) for n in range(300)], "quantity": ["2"] * 300},
    ],
)
def test_a_form_of_nobody_is_no_error(app: Flask, form: dict[str, list[str]]) -> None:
    answer = app.test_client().post("/cart", data=form, headers=OWN)
    assert answer.status_code in (303, 422)
    assert lines() == {}
