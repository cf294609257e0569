"""The rooms for any Flask app (docs/use-in-your-app.md) import no room of the shop, and have no word of it in names.

The import contract in pyproject.toml names both kinds of rooms; `lint-imports` proves it.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
LAYERS = _LINTER["contracts"][0]["layers"]
(CONTRACT,) = (each for each in _LINTER["contracts"] if "use-in-your-app" in each["name"])
INDEPENDENT = [name.removeprefix("storefront.") for name in CONTRACT["source_modules"]]
FORBIDDEN = {name.removeprefix("storefront.") for name in CONTRACT["forbidden_modules"]}
FOUR_ROOMS = {"cache", "rate_limiting", "sessions", "live"}

# "variant" is not among them: HTTP has variants of a response. "browse" and "site" are words of every web site.
SHOP_WORDS = re.compile(
    r"(product|category|categories|collection|cart|basket|checkout|order|catalog(?:ue)?|listing|stock|inventory|sku|price"
    r"|shop|shopper|customer|merchant|vendor|menu|navigation|sitemap|payment|refund|invoice|shipment|parcel|goods"
    r"|discount|tax|wishlist|profile)s?"
)
# Names that stay, with the reason.
EXCEPTIONS = {
    '"stock"': "the value of a role: in names of settings, metrics and alerts",
    "order": "a sequence",
}


def names_of(tree: ast.Module) -> Iterator[str]:
    """Yield the names that a module defines, and its strings that are names: without a blank, in quotes."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case (
                ast.arg(arg=name)
                | ast.Name(id=name, ctx=ast.Store())
                | ast.Attribute(attr=name, ctx=ast.Store())
            ):
                yield name
            case ast.Constant(value=str(text)) if " " not in text:
                yield f'"{text}"'


def find_shop_words(name: str) -> list[str]:
    """Return the words of a shop in a name such as `CartLine`, `cart_line`, `CART_LINE` or "cart.add"."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return [word for word in words if SHOP_WORDS.fullmatch(word.lower())]


@pytest.mark.parametrize("name", ["CartLine", "price_of", "NEW_PRODUCTS", '"catalog.media"', "_menu"])
def test_words_of_a_shop_are_recognised(name: str) -> None:
    assert find_shop_words(name)


@pytest.mark.parametrize("name", ["taxonomy", "border", "store_response", "VARIANT", "productive"])
def test_words_of_every_app_are_not_words_of_a_shop(name: str) -> None:
    assert not find_shop_words(name)


@pytest.mark.parametrize("room", INDEPENDENT)
def test_room_for_any_app_has_no_word_of_the_shop(room: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / "storefront" / room).rglob("*.py"))
        for name in (path.stem, *names_of(ast.parse(path.read_text())))
        if name not in EXCEPTIONS and find_shop_words(name)
    ]
    assert not found, "\n".join(found)


def test_contract_forbids_all_rooms_above_the_cache() -> None:
    assert set(INDEPENDENT) >= FOUR_ROOMS
    above = LAYERS[1 : LAYERS.index("cache")]  # the first is the command line
    rooms = {room for layer in above for room in re.findall(r"(?<!\()\b\w+\b(?!\))", layer)}
    assert rooms - set(INDEPENDENT) == FORBIDDEN, (
        "complete forbidden_modules of the contract in pyproject.toml"
    )
