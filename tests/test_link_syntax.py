"""One rule says what a link of the merchant's may be."""

from __future__ import annotations

import pytest

from storefront.link_syntax import is_link

HOUSE = [
    "/",
    "/products?q=a#b",
    "/pages/über-uns",
    "http://shop.example",
    "https://shop.example:8443/a?b={c}",
]


@pytest.mark.parametrize(
    "text", [*HOUSE, "mailto:kim@shop.example", "tel:+12015550123", "https://münchen.example/"]
)
def test_paths_addresses_and_ways_to_write_are_links(text: str) -> None:
    assert is_link(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "products",
            "//evil.example/",
            "/\\evil.example",
            "/a b",
            "/a\tb",
            "https://",
            "https://[",
            "mailto:",
        ),
        *("https://user@shop.example/", "https://shop.example:99999999/", "https://shop.example:0/"),
        *(
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "java\nscript:alert(1)",
            "data:text/html,x",
            'https://a"b',
        ),
    ],
)
def test_all_else_is_not_a_link(text: str) -> None:
    assert not is_link(text)
