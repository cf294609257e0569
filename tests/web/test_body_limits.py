"""Requests are decided by address, origin and declared size before anything reads their body."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from storefront.web import body_limits
from storefront.web.body_limits import LIMITS, MAX_FIELDS, MB, BodyLimit, find_limit, receives_upload
from storefront.web.bounded_request import MAX_COOKIES, MAX_LIST
from tests.accounts.people import SAME_ORIGIN, sign_in_as_staff
from tests.conftest import make_app
from tests.processes import ROOT

pytestmark = pytest.mark.any_database

FORM = "application/x-www-form-urlencoded"
CROSS_SITE = {"Sec-Fetch-Site": "cross-site"}


class UnreadBody(io.RawIOBase):
    """A body that must not be read: it counts what is."""

    def __init__(self) -> None:
        self.read_bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.read_bytes += len(buffer)
        buffer[:] = b"&" * len(buffer)
        return len(buffer)


def _send(
    client: FlaskClient,
    path: str,
    body: io.IOBase,
    *,
    length: int | None = None,
    method: str = "POST",
    **more: Any,
) -> Any:
    """Send a body; without a length as a server hands over a chunked one."""
    environ: dict[str, Any] = {"wsgi.input": body, "wsgi.input_terminated": True}
    environ["CONTENT_TYPE"] = more.pop("content_type", FORM)
    environ |= {"HTTP_TRANSFER_ENCODING": "chunked"} if length is None else {"CONTENT_LENGTH": str(length)}
    return client.open(path, method=method, environ_overrides=environ, **more)


def _changing_paths(app: Flask) -> list[tuple[str, str]]:
    """Return method and path of every route that changes something."""
    found = []
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<int:\w+>", "1", rule.rule)
        path = re.sub(r"<[^>]+>", "x", path)
        found += [(method, path) for method in sorted((rule.methods or set()) - {"GET", "HEAD", "OPTIONS"})]
    return found


def test_refused_requests_leave_their_body_unread(app: Flask, client: FlaskClient) -> None:
    paths = _changing_paths(app)
    assert len(paths) > 30
    for method, path in paths:
        body = UnreadBody()
        refused = _send(client, path, body, length=1000, method=method, headers=CROSS_SITE)
        assert refused.status_code == 403, path
        large = _send(client, path, body, length=300 * MB, method=method)
        # Where files are written to disk while they arrive, strangers are led to the sign-in page.
        assert large.status_code in ({303, 413} if path.startswith("/admin/uploads/") else {413}), path
        assert body.read_bytes == 0, path


def test_a_refused_address_leaves_its_body_unread(app: Flask, tmp_path: Path) -> None:
    few = {f"STOREFRONT_LIMIT_{name}": "1/day" for name in ("SIGN_IN_ADDRESS", "CART")}
    limited = make_app(app.config["DATABASE_URL"], tmp_path, REDIS_URL=app.config["REDIS_URL"], **few)
    for path in ("/account/login", "/cart/lines"):
        form = io.BytesIO(b"email=kim%40example.com")
        assert _send(limited.test_client(), path, form, length=23).status_code != 429
        body = UnreadBody()
        assert _send(limited.test_client(), path, body, length=2000).status_code == 429
        assert body.read_bytes == 0


def test_a_page_of_another_site_spends_no_attempt_of_an_account(app: Flask, client: FlaskClient) -> None:
    left = [
        client.post("/account/register", data={"email": "kim@example.com"}, headers=headers).headers.get(
            "X-RateLimit-Remaining"
        )
        for headers in ({}, CROSS_SITE, {})
    ]
    assert (left[0], left[2]) == ("4", "3")
    assert int(left[1] or 0) > 10, "it counts as a page"
    third = client.post("/account/register", data={"email": "kim@example.com"})
    assert '"register";r=7' in third.headers["RateLimit"], "each was counted once"


@pytest.mark.parametrize("limit", LIMITS[:-1], ids=lambda limit: limit.kind)
def test_each_kind_of_route_has_its_limit(app: Flask, client: FlaskClient, limit: BodyLimit) -> None:
    path = {
        "pages": "/cart/lines",
        "checkout": "/checkout",
        "api": "/api/v1/products/1",
        "pictures": "/api/v1/products/1/pictures",
        "office": "/admin/stock",
    }
    call = client.put if limit.kind == "api" else client.post
    large = call(path[limit.kind], data=b"x" * (limit.most + 1), content_type=FORM)
    assert (large.status_code, limit.text in large.text) == (413, True)
    assert call(path[limit.kind], data=b"x" * limit.most, content_type=FORM).status_code != 413


@pytest.mark.parametrize(("path", "field"), [("/cart/lines", b"sku=x&"), ("/checkout", b"name=x&")])
def test_a_body_without_a_length_is_cut_at_its_limit(client: FlaskClient, path: str, field: bytes) -> None:
    endless = UnreadBody()
    answer = _send(client, path, endless)
    assert (answer.status_code, find_limit(path).text in answer.text) == (413, True)
    assert endless.read_bytes <= find_limit(path).most + 64 * 1024
    assert _send(client, path, io.BytesIO(field)).status_code != 413


@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
def test_a_form_with_too_many_fields_is_refused(client: FlaskClient, kind: str) -> None:
    def ask(number: int) -> int:
        if kind == "urlencoded":
            return client.post("/checkout", data="&".join(["a="] * number), content_type=FORM).status_code
        parts = "".join('--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' for _ in range(number))
        body = f"{parts}--b--\r\n"
        assert len(body) < find_limit("/checkout").most
        return client.post("/checkout", data=body, content_type="multipart/form-data; boundary=b").status_code

    assert ask(MAX_FIELDS + 1) == 413
    assert ask(MAX_FIELDS) != 413


def _add_upload(app: Flask, is_permitted: Callable[[], bool], seen: list[Any]) -> None:
    @app.post("/admin/uploads/test", endpoint="upload")
    @receives_upload(is_permitted)
    def receive() -> str:
        file = request.files["file"]
        seen.append((type(file.stream).__name__, len(file.stream.read())))
        return "received"


@pytest.mark.parametrize("permitted", [True, False])
def test_an_upload_is_read_only_with_permission(app: Flask, tmp_path: Path, permitted: bool) -> None:
    shop = make_app(app.config["DATABASE_URL"], tmp_path, REDIS_URL=app.config["REDIS_URL"])
    seen: list[Any] = []
    _add_upload(shop, lambda: permitted, seen)
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="products.csv"\r\n\r\n'
    data = head + b"x" * (3 * MB) + b"\r\n--b--\r\n"
    body = io.BytesIO(data)
    client = shop.test_client()
    with shop.app_context():
        sign_in_as_staff(client)
    answer = _send(
        client,
        "/admin/uploads/test",
        body,
        length=len(data),
        content_type="multipart/form-data; boundary=b",
        headers=SAME_ORIGIN,
    )
    assert answer.status_code == (200 if permitted else 404)
    assert (seen, body.tell() > 0) == (([("BufferedRandom", 3 * MB)], True) if permitted else ([], False))
    folder = Path(shop.instance_path) / body_limits.UPLOAD_DIRECTORY
    assert folder.is_dir() is permitted


def test_nginx_carries_the_table_of_body_limits() -> None:
    text = (ROOT / "deploy" / "nginx" / "nginx.conf").read_text()
    units = {"k": 1024, "m": MB}

    def plain(path: str) -> str:
        language = "([a-z][a-z][a-z]?(-[a-z]+)*/)?"  # of a shop in several: /de/checkout
        return path.removeprefix("^").replace("[^/]+", "*").replace(language, "")

    def size(words: str) -> int:
        (found,) = re.findall(r"client_max_body_size (\d+)([km]);", words)
        return int(found[0]) * units[found[1]]

    assert size(text.partition("server {")[0]) == body_limits.PAGES.most
    routes = (ROOT / "deploy" / "nginx" / "locations.conf").read_text()
    locations = re.findall(r"^location (?:[~^=]+ )?(\S+) \{(.*?)^\}", routes, re.M | re.S)
    given = {
        plain(path): size(inside)
        for path, inside in locations
        if plain(path)[0] == "/" and "client_max_body_size" in inside
    }
    wanted = {prefix: limit for limit in LIMITS[1:] for prefix in limit.prefixes}
    assert given == {prefix: limit.most for prefix, limit in wanted.items()}
    shown = re.findall(
        r'^        ~\^(\S+) "([^"]+)";', text.partition("map $uri $largest")[2].partition("}")[0], re.M
    )
    assert {plain(path): words for path, words in shown} == {
        prefix: limit.text for prefix, limit in wanted.items()
    }
    longest = [len(plain(prefix)) for prefix, _ in shown]
    assert longest == sorted(longest, reverse=True), "nginx takes the first that matches"


def test_long_headers_of_the_shops_requests_are_cut(app: Flask) -> None:
    lists = (
        "Accept",
        "Accept-Encoding",
        "Accept-Language",
        "If-Match",
        "If-None-Match",
        "Range",
        "User-Agent",
    )
    longest = dict.fromkeys(lists, MAX_LIST) | {"Cookie": MAX_COOKIES}
    with app.test_request_context(headers=dict.fromkeys(longest, "a=b, " * 10_000)):
        assert {name: len(request.headers[name]) for name in longest} == longest
