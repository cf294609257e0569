"""Links in mails lead to the shop's own address, whatever host, port and headers the asker sends."""

from __future__ import annotations

import re
from email import message_from_string, policy
from pathlib import Path

import pytest
from flask import Flask

from storefront import periodic
from storefront.mail import queue
from storefront.web.same_origin import get_origin
from tests.accounts.people import EMAIL, OTHER, PASSWORD, SAME_ORIGIN, make_user, second_app
from tests.checkout.test_pages import DETAILS
from tests.factories import make_product
from tests.mail.mailbox import mailbox
from tests.processes import free_port

pytestmark = pytest.mark.any_database

PRODUCTION = {
    "STOREFRONT_ENV": "production",
    "SECRET_KEY": "k" * 40,
    "TRUSTED_HOSTS": "shop.example,www.shop.example",
}
EVIL = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "6666",
    "X-Forwarded-Proto": "http",
    "Forwarded": "host=evil.example:6666;proto=http",
}


def test_mailed_links_lead_to_the_shops_own_address(app: Flask, redis_url: str, tmp_path: Path) -> None:
    make_user()
    make_product("Teapot", variants=[{"sku": "T", "on_hand": 9, "price": 1999}])
    port = free_port()
    settings = PRODUCTION | {"REDIS_URL": redis_url, "STOREFRONT_SMTP_URL": f"smtp://127.0.0.1:{port}"}
    with second_app(app, tmp_path / "production", **settings) as shop, mailbox(port) as received:
        client = shop.test_client()

        def post(path: str, **form: str) -> None:
            base = "https://www.shop.example:6666"
            answer = client.post(path, data=form, headers=SAME_ORIGIN | EVIL, base_url=base)
            assert answer.status_code == 303, (path, answer.text)

        post("/account/reset", email=EMAIL)
        post("/account/register", email=EMAIL)
        post("/account/register", email="new@example.com")
        post("/account/login", email=EMAIL, password=PASSWORD)
        post("/account/email", email="other@example.com", password=PASSWORD)
        post("/account/password", current_password=PASSWORD, password=OTHER)
        post("/cart/lines", sku="T", quantity="1")
        post("/checkout", **DETAILS, place="1", key="k" * 20)
        periodic.stop_tasks(shop)  # the shop's own task may have sent some
        while queue.send_due():
            pass
    assert len(received) == 6
    for _, text in received:
        message = message_from_string(text, policy=policy.default)
        for part in (message.get_body(("plain",)), message.get_body(("html",))):
            assert part is not None
            links = re.findall(r"https?://[^/\s\"<]+", part.get_content())
            assert links, message["Subject"]
            assert set(links) == {"https://shop.example"}, message["Subject"]


@pytest.mark.parametrize(
    ("trusted", "proxies", "bind", "origin"),
    [
        (None, 0, "", "http://127.0.0.1:8000"),
        (None, 0, "0.0.0.0:8123", "http://127.0.0.1:8123"),
        (None, 0, "[::1]:8123", "http://[::1]:8123"),
        (["shop.test"], 0, "127.0.0.1:8123", "http://shop.test:8123"),
        (["shop.test:9000"], 0, "127.0.0.1:8123", "http://shop.test:9000"),
        (["shop.test"], 1, "127.0.0.1:8123", "https://shop.test"),
    ],
)
def test_development_uses_the_address_where_it_listens(
    app: Flask, trusted: list[str] | None, proxies: int, bind: str, origin: str
) -> None:
    app.config |= {"TRUSTED_HOSTS": trusted, "TRUSTED_PROXIES": proxies}
    if bind:
        (Path(app.instance_path) / "served-at").write_text(bind)
    with app.test_request_context("/", base_url="https://localhost:6666"):
        assert get_origin() == origin
