"""The merchant's colours, corners and fonts: a style sheet of its own, and colours that everybody can read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient

from storefront.config import accent
from storefront.config.accent import PAPERS, Scheme
from storefront.extensions import db
from storefront.live import Hub
from storefront.live.wsgi_stream import WsgiStream
from storefront.shop_settings import look_sheet, stored_settings
from storefront.stock.stream import StockSource
from storefront.web.static_files import FOREVER
from tests.factories import make_product

pytestmark = pytest.mark.any_database

TOKENS = Path("static/css/tokens.css").read_text()
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


def run(app: Flask, *words: str) -> Result:
    db.session.rollback()
    return app.test_cli_runner().invoke(args=["settings", *words])


def sheet_of(client: FlaskClient, address: str = "/") -> str:
    return "".join(re.findall(r'href="(/look/\w+\.css)"', client.get(address).text))


def test_a_shop_as_it_came_names_no_sheet(app: Flask, client: FlaskClient) -> None:
    assert sheet_of(client) == ""
    assert client.get("/look/0.css").text == ""


def test_a_colour_shows_at_the_next_load(app: Flask, client: FlaskClient) -> None:
    found = []
    for color in ("#8a2be2", "#0b5d4e"):
        assert run(app, "set", "accent_color", color).exit_code == 0
        addresses = {sheet_of(client, address) for address in ("/", "/cart", "/nowhere")}
        assert len(addresses) == 1
        found += addresses
        served = client.get(found[-1])
        assert f"--accent:{color};" in served.text
        assert "prefers-color-scheme: dark" in served.text
        assert (served.mimetype, served.headers["Cache-Control"]) == ("text/css", FOREVER)
        assert "Set-Cookie" not in served.headers
    old = client.get(found[0])
    assert "--accent:#0b5d4e;" in old.text, "an old address shows the present look"
    assert old.headers["Cache-Control"] == "no-cache"
    assert client.get(found[1], headers={"If-None-Match": served.headers["ETag"]}).status_code == 304


def test_corners_and_fonts_are_tokens(app: Flask, client: FlaskClient) -> None:
    run(app, "set", "corners", "sharp")
    assert client.get(sheet_of(client)).text == "@layer tokens{:root{--radius-s:0;--radius-m:0;}}\n"
    run(app, "set", "typeface", "serif")
    assert "--sans:var(--serif);" in client.get(sheet_of(client)).text
    for names in look_sheet.TYPEFACES.values():
        assert all(f"--{name}:" in TOKENS for name in names)


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("accent_color", "#fc0", "#ffcc00 is hard to read, with a contrast of 1.3 where 4.5 is needed."),
        ("accent_color", "#fc0", "The nearest colour that can be read is #856900."),
        ("accent_color_dark", "#0b5d4e", "The nearest colour that can be read is #569d8b."),
        ("accent_color", "red", "write a colour as #0b5d4e"),
        ("accent_color", "#12345", "write a colour as #0b5d4e"),
        ("accent_color", "#fff;}", "write a colour as #0b5d4e"),
        ("corners", "2px", "it must be one of soft, sharp, round"),
    ],
)
def test_a_look_that_cannot_be_read_is_refused(app: Flask, name: str, typed: str, sentence: str) -> None:
    answer = run(app, "set", name, typed)
    assert answer.exit_code == 1
    assert sentence in answer.output
    assert stored_settings.describe_settings()[0].origin == "default"


@pytest.mark.parametrize(
    "color", ["#ffcc00", "#000000", "#ffffff", "#ff0000", "#00ffff", "#777777", "#0000ff"]
)
def test_the_nearest_colour_can_be_read_everywhere(color: str) -> None:
    for scheme in SCHEMES:
        nearest = accent.nearest_readable(color, scheme)
        made = accent.make_colors(nearest, scheme)
        assert accent.least_contrast(nearest, scheme) >= 4.5
        assert accent.nearest_readable(nearest, scheme) == nearest
        assert min(accent.contrast(made.on_accent, each) for each in (made.accent, made.strong)) >= 4.5
    assert accent.least_contrast(accent.dark_accent(color), "dark") >= 4.5


def test_the_papers_are_those_of_the_tokens() -> None:
    schemes = dict(zip(SCHEMES, TOKENS.split("prefers-color-scheme: dark"), strict=True))
    for scheme, text in schemes.items():
        found = re.findall(r"--paper[\w-]*: oklch\(([\d.]+)% ([\d.]+) ([\d.]+)\)", text)
        assert PAPERS[scheme] == tuple(
            (float(light) / 100, float(chroma), float(hue)) for light, chroma, hue in found[:3]
        )


def test_contrast_is_that_of_the_standard() -> None:
    assert round(accent.contrast("#000000", "#ffffff"), 2) == 21
    assert round(accent.contrast("#777777", "#ffffff"), 2) == 4.48
    assert accent.parse_hex("#ABC") == "#aabbcc"


def test_open_pages_are_told_where_the_new_sheet_is(app: Flask, client: FlaskClient) -> None:
    product = make_product("Mug")
    hub = Hub(app, StockSource(app))
    frames = iter(WsgiStream(hub, "127.0.0.1", (product.id,)))
    next(frames)
    hub.send_notice()
    assert next(frames) == b'event: look\ndata: {"url":""}\n\n'
    run(app, "set", "accent_color", "#8a2be2")
    hub.send_notice()
    assert next(frames) == b'event: look\ndata: {"url":"%s"}\n\n' % sheet_of(client).encode()
    del frames
