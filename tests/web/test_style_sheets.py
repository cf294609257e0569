"""The style sheet that all pages wait for is small, and says what the files of the tree say."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.web.style_sheets import minify

# Compressed; nothing is painted before these bytes have come.
MOST_BYTES = 8_000


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("/* why */\na {\n  color: red;\n  margin: 0;\n}\n", "a{color:red;margin:0}"),
        ('a::before { content: " /* ; } */ , "; }', 'a::before{content:" /* ; } */ , "}'),
        ("a { content: '\\'  ;}'; }", "a{content:'\\'  ;}'}"),
        ("a { width: calc(1px + 2px); }", "a{width:calc(1px + 2px)}"),
        ("a :is(b,\n c) > d { x: url(data:a;,b); }", "a :is(b,c) > d{x:url(data:a;,b)}"),
        ("@media (a) and (b) { a { b: c; } }", "@media (a) and (b){a{b:c}}"),
    ],
)
def test_minified_rules_keep_their_meaning(text: str, short: str) -> None:
    assert minify(text) == short


def test_style_sheet_is_small_on_the_wire(app: Flask, client: FlaskClient) -> None:
    url = app.jinja_env.globals["static_url"]("css/shop.css")
    response = client.get(url, headers={"Accept-Encoding": "br, gzip"})
    assert response.headers["Content-Encoding"]
    assert len(response.data) <= MOST_BYTES
