"""The cost of what strangers and files send grows no faster than its size: each door is given n and 4n of something.

Work is counted in steps (`tests/work.py`), never in seconds. 4 times the input may cost 5 times the steps; a door
that refuses its input above a bound costs fewer.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from string import ascii_lowercase
from typing import Literal
from urllib.parse import quote

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from storefront.api import request_body
from storefront.api.problems import MAX_FAULTS, ProblemError
from storefront.api.schemas import ProductPut
from storefront.catalog import html_sanitiser
from storefront.catalog.html_sanitiser import find_excess, sanitise
from storefront.catalog_files import product_columns, product_texts
from storefront.catalog_files.picture_rows import MAX_PICTURES
from storefront.catalog_files.product_rows import ProductReader
from storefront.change_sets.inputs import InputProduct
from storefront.sheets.table import open_table
from storefront.unicode_text import MAX_MARKS, normalize
from tests.statements import statements
from tests.work import count_steps, growth

Door = Callable[[int], object]
MOST = 5.0


def read_body(app: Flask, body: bytes) -> ProblemError | None:
    """Read a request's body as the API does; return the problem that it answers with."""
    with app.test_request_context(method="PUT", data=body, content_type="application/json"):
        request.max_content_length = len(body)  # the limit by route is not what is tested
        try:
            request_body.read_body(ProductPut)
        except ProblemError as problem:
            return problem
    return None


# Bodies of JSON that are hard to check, made for n.
BODIES: dict[str, Callable[[int], bytes]] = {
    "different names": lambda n: json.dumps({f"m{i}": 0 for i in range(n)}).encode(),
    "the last name twice": lambda n: (
        json.dumps({f"m{i}": 0 for i in range(n)}).encode()[:-1] + b',"m%d":0}' % (n - 1)
    ),
    "the first name again and again": lambda n: b'{"a":0' + b',"a":0' * n + b"}",
    "objects with unknown names": lambda n: b'{"variants": [' + b",".join([b'{"a":1}'] * n) + b"]}",
    "control characters": lambda n: b'{"tags": [' + b",".join([b'"\\u0001"'] * n) + b"]}",
    "a long name around many values": lambda n: (
        b'{"images": [{"' + b"n" * n + b'": [' + b",".join([b"[1]"] * n) + b"]}]}"
    ),
    "numbers": lambda n: b'{"images": [' + b",".join([b"1e308", b"9" * 20] * n) + b"]}",
    "nesting": lambda n: b'{"images": ' + b"[" * n + b"]" * n + b"}",
}


@pytest.mark.any_database
@pytest.mark.parametrize("make", BODIES.values(), ids=BODIES)
def test_checking_a_body_is_linear(app: Flask, make: Callable[[int], bytes]) -> None:
    assert growth(lambda n: read_body(app, make(n)), 1000) <= MOST
    assert read_body(app, make(4000)) is not None


@pytest.mark.any_database
def test_at_most_fifty_faults_are_listed(app: Flask) -> None:
    problem = read_body(app, BODIES["objects with unknown names"](180))
    assert problem is not None
    assert (problem.status, len(problem.faults)) == (422, MAX_FAULTS)
    assert "The first 50 faults are listed; there are 130 more." in str(problem)
    assert problem.faults[-1].pointer == "/variants/49/a"
    few = read_body(app, BODIES["objects with unknown names"](3))
    assert few is not None
    assert (len(few.faults), "more" in str(few)) == (3, False)


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (BODIES["different names"](201), "an object has 201 members; the most is 200"),
        (BODIES["a long name around many values"](256), "has 256 characters; the most is 255"),
        (BODIES["nesting"](21), "nested deeper than 20 levels"),
    ],
)
def test_members_names_and_nesting_are_bounded(app: Flask, body: bytes, reason: str) -> None:
    problem = read_body(app, body)
    assert problem is not None
    assert problem.status == 400
    assert reason in str(problem)


def test_steps_reveal_quadratic_work() -> None:
    """The measure itself: what is linear grows fourfold, what is quadratic sixteenfold, in Python and in C."""

    def in_c(n: int) -> int:
        names = [str(i) for i in range(n)]
        return sum(names.count(name) for name in names)

    def in_python(n: int) -> list[int]:
        found: list[int] = []
        for a in range(n):
            for b in range(n):
                found.append(a * b)  # a step each
        return found

    def linear(n: int) -> str:
        return "".join(str(i).strip() for i in range(n))

    assert growth(in_c, 200) > 12
    assert growth(in_python, 50) > 12
    assert 3 < growth(linear, 200) <= MOST
    assert count_steps(lambda: linear(10)) < count_steps(lambda: linear(100))


# Headers and query strings that are long lists, of n parts.
HEADERS: dict[str, Callable[[int], str]] = {
    "Accept": lambda n: ",".join(f"a/{i};q=0.5" for i in range(n)),
    "Accept-Encoding": lambda n: ",".join(f"e{i};q=0.5" for i in range(n)),
    "Accept-Language": lambda n: ",".join(f"en-{i};q=0.5" for i in range(n)),
    "Authorization": lambda n: "Bearer sf_" + "a" * n,
    "Cookie": lambda n: "; ".join(f"c{i}=v" for i in range(n)),
    "Cookie ": lambda n: "cart=" + "v" * n,
    "Idempotency-Key": lambda n: "k" * n,
    "If-Match": lambda n: '"a",' * n,
    "If-None-Match": lambda n: '"0123456789abcdef012345-br",' * n,
    "Range": lambda n: "bytes=" + ",".join(f"{i}-{i}" for i in range(n)),
    "Stripe-Signature": lambda n: "t=1," + "v1=a," * n,
    "User-Agent": lambda n: "Mozilla Googlebot " * n,
    "X-Forwarded-For": lambda n: ",".join(["192.0.2.7"] * n),
    "X-Request-ID": lambda n: "r" * n,
}
ADDRESSES: dict[str, Callable[[int], str]] = {
    "parameters": lambda n: "/products?" + "&".join(f"p{i}=1" for i in range(n)),
    "one parameter again": lambda n: "/products?" + "page=1&" * n,
    "search words": lambda n: "/products?q=" + "+".join(f"w{i}" for i in range(n)),
    "misspelt search words": lambda n: (
        "/products?q=" + "+".join(f"{c}ettel" for c in ascii_lowercase * n)[:n]
    ),
    "search letters without spaces": lambda n: "/products?q=" + quote("茶") * n,
    "search hyphens": lambda n: "/products?q=" + "a-'" * n,
    "search marks": lambda n: "/products?q=e" + quote("\u0300\u0316") * n,
    "a filter": lambda n: "/products?vendor=" + "v" * n,
    "a price": lambda n: "/products?min_price=" + "9" * n,
    "a page number": lambda n: "/products?page=" + "9" * n,
    "category levels": lambda n: "/categories/" + "a/" * n + "a",
    "fields of the API": lambda n: "/api/v1/products?fields=" + "id," * n + "id",
    "products of a stream": lambda n: "/stock/stream?" + "&".join(f"product={i}" for i in range(n)),
}


@pytest.mark.any_database
@pytest.mark.parametrize("name", HEADERS)
def test_reading_a_header_is_linear(client: FlaskClient, name: str) -> None:
    def send(n: int) -> object:
        return client.get("/cart", headers={name.strip(): HEADERS[name](n)})

    assert growth(send, 500) <= MOST
    plain = count_steps(lambda: client.get("/cart"))
    assert count_steps(lambda: send(15_000 // len(HEADERS[name](1)))) <= 10 * plain, "and bounded"


@pytest.mark.any_database
@pytest.mark.parametrize("make", ADDRESSES.values(), ids=ADDRESSES)
def test_reading_an_address_is_linear(client: FlaskClient, make: Callable[[int], str]) -> None:
    assert growth(lambda n: client.get(make(n)).close(), 300) <= MOST


@pytest.mark.any_database
def test_a_deep_category_is_not_looked_for(client: FlaskClient) -> None:
    for levels, asked_for in ((49, True), (51, False), (900, False)):
        with statements() as asked:
            assert client.get(ADDRESSES["category levels"](levels)).status_code == 404
        assert any("category.path IN" in statement for statement in asked) == asked_for


# Products of a file that are hard to read: n rows, as cells by the names of `product_columns.COLUMNS`.
ROWS: dict[str, Callable[[int], list[dict[str, str]]]] = {
    "variants": lambda n: [
        {"title": "A", "option1_name": "O", "option1": f"o{i}", "sku": f"s{i}", "price": "1"}
        for i in range(n)
    ],
    "pictures": lambda n: [
        {"title": "A", "price": "1", "option1_name": "O", "option1": f"o{i}", "image": f"{i}.png"}
        for i in range(n)
    ],
    "pictures without variants": lambda n: [
        {"title": "A", "price": "1"},
        *({"image": f"{i}.png", "image_position": str(n - i)} for i in range(n)),
    ],
    "one variant again": lambda n: [{"title": "A", "price": "1"}] * n,
    "tags": lambda n: [{"title": "A", "price": "1", "tags": ",".join(f"t{i}" for i in range(n))}],
    "levels of a category": lambda n: [{"title": "A", "price": "1", "category": "a>" * n}],
    "digits of a price": lambda n: [{"title": "A", "price": "-" * n + "1"}],
    "digits of a quantity": lambda n: [{"title": "A", "price": "1", "quantity": "0." + "1" * n}],
    "an exponent": lambda n: [{"title": "A", "price": "1", "grams": "1e-" + "9" * n}],
    "marks of a title": lambda n: [{"title": "A" + "\u0300\u0316" * n, "price": "1"}],
    "option names": lambda n: [{"title": "A", "price": "1", "option1_name": "n" * n, "option1": "v" * n}],
    "nested tags": lambda n: [{"title": "A", "price": "1", "description": "<li><ul>" * n}],
    "repeated formatting": lambda n: [{"title": "A", "price": "1", "description": repeated_formatting(n)}],
}


def repeated_formatting(n: int) -> str:
    """Return HTML whose n formatting tags a parser repeats in each of n paragraphs."""
    return "<p>" + "".join(f"<b a={i}>" for i in range(n)) + "</p>" + "<p>x</p>" * n


def read_product(cells_of: list[dict[str, str]]) -> InputProduct:
    """Read the rows of one product as the import does."""
    names = ["handle", *dict.fromkeys(name for cells in cells_of for name in cells)]
    reader = ProductReader([product_columns.COLUMNS[name][0] for name in names], "USD")
    written = [[({"handle": "a"} | cells).get(name, "") for name in names] for cells in cells_of]
    rows = [reader.spool_row(line, cells, "") for line, cells in enumerate(written, 2)]
    reader.decide_numbers(",")
    return reader.read([row for row in rows if row is not None])


@pytest.mark.parametrize("make", ROWS.values(), ids=ROWS)
def test_reading_a_product_of_a_file_is_linear(make: Callable[[int], list[dict[str, str]]]) -> None:
    assert growth(lambda n: read_product(make(n)), 400) <= MOST


def test_the_columns_of_a_file_are_read_in_linear_time(tmp_path: Path) -> None:
    def read(n: int) -> object:
        file = tmp_path / f"{n}.csv"
        others = [f"column {i}" for i in range(n)]
        lines = (["Title", "Price", "SKU", *others], ["A", "1", "S", *others])
        file.write_text("\n".join(",".join(cells) for cells in lines))
        table = open_table(file, score_header=product_columns.score_header)
        reader = ProductReader(table.header, "USD")
        with table.rows() as rows:
            return [reader.spool_row(row.line, row.cells, row.damage) for row in rows]

    assert growth(read, 500) <= MOST


def test_what_a_product_of_a_file_can_have_is_bounded() -> None:
    for cell in ("0" * 101 + "1", "1" * 10_000, "-" * 10_000):
        for column in ("price", "quantity"):
            product = read_product([{"title": "A", "price": "1", column: cell}])
            assert (product.variants, "is not a" in product.refused[0].reason) == ([], True)
    product = read_product(ROWS["tags"](300))
    assert (len(product.values["tags"]), len(product.notes)) == (product_texts.MAX_TAGS, 1)
    product = read_product(ROWS["levels of a category"](300))
    assert (len(product.category or ()), len(product.notes)) == (50, 1)
    product = read_product(ROWS["variants"](2100))
    assert (len(product.variants), len(product.refused)) == (2048, 52)
    product = read_product(ROWS["pictures without variants"](300))
    assert (len(product.pictures), len(product.notes)) == (MAX_PICTURES, 1)


DESCRIPTIONS: dict[str, Callable[[int], str]] = {
    "repeated formatting": repeated_formatting,
    "formatting in quotes": lambda n: repeated_formatting(n).replace("a=", 'a="<" b='),
    "deep lists": lambda n: "<li><ul>" * n,
    "tags within tags": lambda n: "<b<x> a=1>" * n + "<p>x</p>" * n,
    "unclosed": lambda n: "<div>" * n + "<p></p>" * n,
}


@pytest.mark.parametrize("make", DESCRIPTIONS.values(), ids=DESCRIPTIONS)
def test_sanitising_costs_a_bounded_number_of_bytes(make: Callable[[int], str]) -> None:
    """The library is not written in Python: what it writes is counted, at most 40 bytes for each pair of tags."""
    for n in (100, 300, 3000):
        html = make(n)
        assert len(sanitise(html)) <= max(3 * len(html), 20 * html_sanitiser.MAX_REPETITIONS // 10)
    assert find_excess(make(10_001)) is not None
    assert "<" not in sanitise(make(10_001))


@pytest.mark.parametrize("form", ["NFC", "NFKC", "NFKD"])
def test_marks_that_are_sorted_are_bounded(form: Literal["NFC", "NFKC", "NFKD"]) -> None:
    for mark in ("\u0300\u0316", "\u0f73\u0f71", "\u0344"):
        text = normalize(form, "e" + mark * 1000)
        assert len(text) <= 3 * MAX_MARKS + 1
    assert normalize("NFC", "e\u0301" * 100) == "é" * 100
    assert normalize("NFKD", "éé" + "e" + "\u0300" * 30) == "e\u0301e\u0301e" + "\u0300" * 30
