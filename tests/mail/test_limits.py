"""The shop is no relay for spam: mails that visitors cause are limited by recipient and sender, over all kinds."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import func, select

from storefront.checkout import shipping
from storefront.checkout.models import Order, OrderEvent
from storefront.extensions import db, write_transaction
from storefront.mail import limits
from storefront.mail.free_text import neutralise_links
from storefront.mail.limits import CountedMail
from storefront.mail.queue import QueuedMail
from tests.accounts.people import (
    EMAIL,
    OTHER,
    PASSWORD,
    SAME_ORIGIN,
    Browser,
    last_link,
    make_user,
    second_app,
    stored_mails,
)
from tests.accounts.test_spellings import CANONICAL, SPELLINGS
from tests.cache.workers import worker_pool
from tests.checkout.test_pages import DETAILS
from tests.conftest import make_app
from tests.factories import make_product

# Limits of requests, which would refuse before those of mails do.
MANY = {
    f"STOREFRONT_LIMIT_{name}": "10000/minute"
    for name in ("REGISTER", "PASSWORD_RESET_ADDRESS", "PASSWORD_RESET_ACCOUNT", "CHECKOUT", "CART", "ORDER")
}
PROCESSES, THREADS, EACH = 3, 5, 4
MakeShop = Callable[..., Flask]


@pytest.fixture
def shop(app: Flask, redis_url: str, tmp_path: Path) -> Iterator[MakeShop]:
    """Makes the shop with these limits of mails."""
    with ExitStack() as stack:

        def make(**limits: str) -> Flask:
            rates = {f"STOREFRONT_LIMIT_MAIL_{name}": rate for name, rate in limits.items()}
            settings = MANY | rates | {"REDIS_URL": redis_url}
            return stack.enter_context(second_app(app, tmp_path / "limited", **settings))

        yield make


def order(shop: Flask, browser: Browser, **details: str) -> str:
    """Place an order; return the URL of its page."""
    if not db.session.execute(select(func.count()).select_from(Order)).scalar_one():
        make_product("Teapot", variants=[{"sku": "T", "on_hand": 90, "price": 1999}])
    browser.post("/cart/lines", sku="T", quantity="1")
    answer = browser.post("/checkout", **DETAILS | details, place="1", key=os.urandom(10).hex())
    assert answer.status_code == 303, answer.text
    return answer.location


def text_of(mail: object) -> str:
    return str(mail.get_body(("plain",)).get_content())  # type: ignore[attr-defined]


class Registrar:
    """A process of the shop, in which many clients cause mails at the same time."""

    def __init__(self, url: str, instance: str, redis_url: str) -> None:
        folder = Path(instance) / str(os.getpid())
        folder.mkdir()
        smtp = {"STOREFRONT_SMTP_URL": "smtp://127.0.0.1:9"}
        self.app = make_app(url, folder, REDIS_URL=redis_url, **MANY, **smtp)

    def register(self, member: int) -> Counter[int]:
        def run(thread: int) -> list[int]:
            client, found = self.app.test_client(), []
            for number in range(EACH):
                form = {"email": SPELLINGS[(thread + number) % len(SPELLINGS)]}
                base = {"REMOTE_ADDR": f"203.0.{member}.{thread}"}
                path = ("/account/register", "/account/reset")[number % 2]
                status = 503  # the lock of a database that a slow machine did not get in time
                while status == 503:
                    answer = client.post(path, data=form, headers=SAME_ORIGIN, environ_base=base)
                    status = answer.status_code
                found.append(status)
            return found

        with ThreadPoolExecutor(THREADS) as pool:
            return Counter(status for found in pool.map(run, range(THREADS)) for status in found)


@pytest.mark.slow
def test_parallel_requests_send_exactly_the_limit(app: Flask, redis_url: str, tmp_path: Path) -> None:
    make_user(CANONICAL)
    db.session.remove()
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    with worker_pool(PROCESSES, Registrar, url, str(tmp_path), redis_url) as pool:
        for member in range(PROCESSES):
            pool.start(member, "register", member)
        statuses = sum((pool.wait(member) for member in range(PROCESSES)), Counter[int]())
    assert statuses == {303: 10, 429: PROCESSES * THREADS * EACH - 10}
    count = {model: select(func.count(model.id)) for model in (CountedMail, QueuedMail)}
    assert [db.session.execute(query).scalar_one() for query in count.values()] == [10, 10]


@pytest.mark.any_database
def test_all_kinds_of_mail_count_together(shop: MakeShop) -> None:
    limited = shop(RECIPIENT="4/hour")
    make_user()
    paths = ("/account/reset", "/account/register", "/account/reset")
    for number, path in enumerate(paths):
        answer = Browser(limited, f"203.0.113.{number}").post(path, email=EMAIL)
        assert answer.status_code == 303
    guest = Browser(limited, "203.0.113.50")
    page = order(limited, guest, email=EMAIL)
    path = urlsplit(page)
    cancelled = guest.post(f"{path.path}/cancellation?{path.query}")
    assert cancelled.status_code == 303, "an order can be cancelled whatever the limits"
    lee = Browser(limited, "203.0.113.51")
    make_user("lee@example.com")
    lee.sign_in("lee@example.com")
    change = lee.post("/account/email", email="KIM@example.com", password=PASSWORD)
    answers = [change, *(Browser(limited, "203.0.113.60").post(path, email=EMAIL) for path in paths)]
    assert [answer.status_code for answer in answers] == [429] * 4
    for answer in answers:
        assert "We’ve sent many e-mails recently" in answer.text
        assert 3500 < int(answer.headers["Retry-After"]) <= 3600
    assert len(stored_mails(limited)) == 4
    assert Browser(limited, "203.0.113.61").post("/account/reset", email="x@example.com").status_code == 303


@pytest.mark.any_database
def test_order_over_the_limit_is_placed_without_a_mail(shop: MakeShop) -> None:
    limited = shop(RECIPIENT="1/hour")
    guests = [Browser(limited, f"203.0.113.{number}") for number in (1, 2)]
    pages = [guest.get(order(limited, guest)) for guest in guests]
    assert ["We couldn’t send all e-mails to" in page.text for page in pages] == [False, True]
    assert "We’ve sent a confirmation" not in pages[1].text
    assert len(stored_mails(limited)) == 1
    db.session.rollback()
    assert db.session.execute(select(Order.withheld_mails).order_by(Order.id)).scalars().all() == [0, 1]
    note = db.session.execute(select(OrderEvent.note).where(OrderEvent.kind == "note")).scalar_one()
    assert note.startswith("No e-mail was sent about this (placed)")
    make_user("boss@example.com", staff=True)
    boss = Browser(limited)
    boss.sign_in("boss@example.com")
    number = db.session.execute(select(Order.number).where(Order.withheld_mails == 1)).scalar_one()
    assert "No e-mail was sent about this" in boss.get(f"/admin/orders/{number}").text
    with write_transaction() as session:
        shipping.mark_shipped(session, number, actor="staff")
    assert "on its way" in stored_mails(limited)[-1]["Subject"], "mails that staff cause are not limited"


@pytest.mark.any_database
def test_sender_is_limited_by_address_and_by_account(shop: MakeShop) -> None:
    limited = shop(ADDRESS="2/hour", ACCOUNT="1/hour")
    addresses = ["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:ffff::3", "2001:db8:1:3::1"]
    statuses = [
        Browser(limited, address).post("/account/register", email=f"n{number}@example.com").status_code
        for number, address in enumerate(addresses)
    ]
    assert statuses == [303, 303, 429, 303], "IPv6 counts by its /64"
    make_user()
    kim = Browser(limited)
    kim.sign_in()
    order(limited, kim, email="a@example.com")
    kim.options["environ_base"]["REMOTE_ADDR"] = "198.51.100.200"
    order(limited, kim, email="b@example.com")
    db.session.rollback()
    assert db.session.execute(select(Order.withheld_mails).order_by(Order.id)).scalars().all() == [0, 1]


@pytest.mark.any_database
def test_unknown_and_known_accounts_are_limited_alike(shop: MakeShop) -> None:
    limited = shop(RECIPIENT="2/hour")
    make_user()
    for email in (EMAIL, "nobody@example.com"):
        answers = [
            Browser(limited, f"203.0.113.{n}").post("/account/reset", email=email).status_code
            for n in range(3)
        ]
        assert answers == [303, 303, 429]
    assert len(stored_mails(limited)) == 2


@pytest.mark.any_database
def test_notice_of_a_new_password_is_always_sent(shop: MakeShop) -> None:
    limited = shop(RECIPIENT="1/hour")
    make_user()
    browser = Browser(limited)
    browser.post("/account/reset", email=EMAIL)
    assert browser.post(last_link(limited), password=OTHER).status_code == 303
    assert "was changed" in stored_mails(limited)[-1]["Subject"]


def test_old_counts_are_deleted(shop: MakeShop) -> None:
    limited = shop(RECIPIENT_DAY="30/2s", RECIPIENT="10/s", ADDRESS="30/s", ACCOUNT="30/s")
    Browser(limited).post("/account/register", email=EMAIL)
    row = db.session.execute(select(CountedMail)).scalar_one()
    assert EMAIL not in (row.recipient, row.address)
    with write_transaction() as session:
        session.execute(CountedMail.__table__.update().values(at=datetime.now(UTC) - timedelta(seconds=3)))
    limits.delete_old()
    assert db.session.execute(select(func.count(CountedMail.id))).scalar_one() == 0


LINKS = [
    "https://evil.example/win?now=1",
    "HTTP://EVIL.EXAMPLE",
    "Visit www.evil.example today",
    "evil.example",
    "evil。example",
    "evil．example/path",
    "http://203.0.113.9/x",
    "//evil.example",
    "http:/\\evil.example",
    "https ://evil.example",
    "win@evil.example",
    "mailto:win@evil.example",
    "tel:+49301234",
    "javascript:alert(1)",
    "ｈｔｔｐｓ：／／ｅｖｉｌ．ｅｘａｍｐｌｅ",
    "a.b.c.evil.example.",
]


@pytest.mark.parametrize("text", LINKS)
def test_text_of_a_visitor_does_not_look_like_a_link(text: str) -> None:
    shown = neutralise_links(text)
    assert not re.search(r"\w[.。．｡]\w|[:：]\S|[@＠]|www\.\w|//", shown), shown
    assert neutralise_links(shown) == shown


@pytest.mark.parametrize(
    "text", ["St. John's Rd 5", "12 Rue de l'Église", "Nº 5, 2. OG", "c/o Kiln & Clay", "Müller-Lüdenscheidt"]
)
def test_usual_addresses_stay_as_they_are(text: str) -> None:
    assert neutralise_links(text) == text


@pytest.mark.any_database
def test_mail_to_a_guest_has_no_link_of_the_sender(shop: MakeShop) -> None:
    limited = shop()
    fields = ("name", "company", "line1", "line2", "city")
    evil = {field: f"https://evil.example/{field} win.evil.example" for field in fields}
    bill = {f"bill_{field}": text for field, text in evil.items()}
    bill |= {"bill_elsewhere": "1", "bill_country": "US", "bill_region": "IL", "bill_postcode": "62701"}
    order(limited, Browser(limited), **evil, **bill)
    (mail,) = stored_mails(limited)
    for part in (text_of(mail), mail.get_body(("html",)).get_content(), str(mail["Subject"])):
        assert "evil.example" not in part
        assert "https://evil" not in part
        assert "evil. example" in part or part == str(mail["Subject"])
    assert "evil" not in mail["Subject"]
