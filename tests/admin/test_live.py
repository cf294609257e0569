"""/admin/stream: an open page learns of orders and stock, and only as long as its person works here."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import insert, select, update

from storefront.accounts import administration, credentials, sign_in_links
from storefront.accounts.models import User
from storefront.admin import live_pages
from storefront.admin.live_pages import ORDERS, STOCK, read_parts
from storefront.app import create_app
from storefront.checkout.models import OrderEvent
from storefront.extensions import db, write_transaction
from storefront.stock import StockItem, set_on_hand
from tests.accounts.people import PASSWORD, Browser, make_user, staff_browser
from tests.checkout.shoppers import make_draft, place
from tests.conftest import close_shop
from tests.factories import make_product
from tests.processes import Shop, filled, gunicorn, served
from tests.redis_roles.servers import server

WORKERS = 2


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop behind two workers, with a Redis of its own."""
    folder = tmp_path_factory.mktemp("office")
    with server(folder) as redis:
        environ = {"REDIS_URL": redis.url, "STOREFRONT_LIMITS": "off"}
        filled(folder / "shop", 3, **environ)
        with served(folder / "shop", *gunicorn(WORKERS), **environ) as shop:
            yield shop


class OfficeStream:
    """An open stream of a person, read event by event. A read that takes 30 s fails."""

    def __init__(self, shop: Shop, cookie: str) -> None:
        self.connection = HTTPConnection(urlsplit(shop.url).netloc, timeout=30)
        self.connection.request("GET", "/admin/stream", headers={"Cookie": cookie})
        self.answer = self.connection.getresponse()

    def next(self, wanted: str) -> Any:
        """Return the data of the next event of this name; None if the stream ends before."""
        name = ""
        while line := self.answer.readline():
            field, _, value = line.decode().rstrip("\n").partition(": ")
            name = value if field == "event" else name
            if field == "data" and name == wanted:
                return json.loads(value)
        return None

    def close(self) -> None:
        """Leave."""
        self.connection.close()


@dataclass
class Person:
    """A member of the staff, and what they have open."""

    email: str
    cookie: str
    streams: list[OfficeStream]


def _post(shop: Shop, path: str, cookie: str = "") -> HTTPResponse:
    with closing(HTTPConnection(urlsplit(shop.url).netloc, timeout=30)) as connection:
        connection.request("POST", path, headers={"Sec-Fetch-Site": "same-origin", "Cookie": cookie})
        answer = connection.getresponse()
        answer.read()
    return answer


@pytest.fixture(scope="module")
def writer(shop: Shop) -> Iterator[Flask]:
    """Another process of the shop, as a command is one."""
    app = create_app(dict(shop.environ), instance=shop.instance)
    with app.app_context():
        yield app
        close_shop(app)


@pytest.fixture
def person(shop: Shop, writer: Flask, request: pytest.FixtureRequest) -> Iterator[Person]:
    """A person with more streams than there are workers."""
    email = f"{re.sub('[^a-z]+', '-', request.node.name)}@shop.example"
    with writer.app_context():
        link = sign_in_links.create(credentials.create_account(email, PASSWORD, role="viewer"))
        answer = _post(shop, f"/account/link/{link}")
    cookie = "; ".join(value.partition(";")[0] for value in answer.headers.get_all("Set-Cookie") or ())
    with ExitStack() as stack:
        opened = [stack.enter_context(closing(OfficeStream(shop, cookie))) for _ in range(4 * WORKERS)]
        for one in opened:
            assert one.answer.status == 200
            snapshot = one.next("snapshot")
            assert {item["part"] for item in snapshot["items"]} == {"orders", "stock", "sign-in"}
            assert snapshot["unknown"] == []
        yield Person(email, cookie, opened)


ENDINGS: dict[str, Callable[[str], object]] = {
    "removed": partial(administration.set_role, is_staff=False),
    "role": partial(administration.set_role, role="stock"),
    "disabled": partial(administration.set_disabled, is_disabled=True),
    "signed out": administration.sign_out_everywhere,
}


@pytest.mark.parametrize("ending", [*ENDINGS, "own sign-out", "unannounced"])
def test_streams_end_on_all_workers(shop: Shop, writer: Flask, person: Person, ending: str) -> None:
    with writer.app_context():
        if ending == "own sign-out":
            assert _post(shop, "/account/logout", person.cookie).status == 303
        elif ending == "unannounced":  # nothing says so: the workers look by themselves
            with db.engine.begin() as connection:
                connection.execute(update(User).where(User.email == person.email).values(is_staff=False))
        else:
            ENDINGS[ending](person.email)
    for one in person.streams:
        assert one.next("none") is None, "the stream ends"
    with closing(OfficeStream(shop, person.cookie)) as again:
        assert again.answer.status in (303, 404)


def test_changed_stock_reaches_an_open_page(shop: Shop, writer: Flask, person: Person) -> None:
    with writer.app_context(), write_transaction() as session:
        sku = session.scalars(select(StockItem.sku).limit(1)).one()
        set_on_hand(session, sku, 77, reason="test", actor="test")
    for one in person.streams:
        event = one.next("office")
        assert event["part"] == "stock"
        assert set(event) == {"topic", "part", "version"}, "no personal data"


def test_versions_grow_also_with_late_commits(app: Flask) -> None:
    make_product("Cup", variants=[{"sku": "CUP", "on_hand": 7}])

    def versions() -> dict[str, int]:
        db.session.rollback()
        return {state.part: state.version for state in read_parts((ORDERS, STOCK))}

    def orders_version() -> int:
        return read_parts((ORDERS,))[0].version

    seen = [versions()]
    for number in range(3):
        place(make_draft({"CUP": 1}), f"a key of good length {number}")
        seen.append(versions())
    with write_transaction() as session:  # as if the first were committed after the last
        last = session.scalars(select(OrderEvent).order_by(OrderEvent.id.desc()).limit(1)).one()
        number = last.id
        values = {"kind": "note", "order_id": last.order_id, "actor": "test"}
        moved = update(OrderEvent).where(OrderEvent.id == number).values(id=number + 5)
        session.execute(moved, execution_options={"synchronize_session": False})
        before = orders_version()
        session.execute(insert(OrderEvent).values(id=number + 2, **values))
        assert orders_version() > before
    assert [one["orders"] for one in seen] == sorted({one["orders"] for one in seen})
    assert [one["stock"] for one in seen] == sorted({one["stock"] for one in seen})


def test_a_role_hears_only_of_what_it_may_see(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = []
    monkeypatch.setattr(live_pages.live, "stream_response", lambda _hub, topics: watched.append(topics) or "")
    assert staff_browser(app, "orders").get("/admin/stream").status_code == 200
    assert staff_browser(app, "stock").get("/admin/stream").status_code == 200
    assert [topics[:-1] for topics in watched] == [(ORDERS,), (STOCK,)]
    assert all(topics[-1] > 0 for topics in watched), "the sign-in is watched, too"
    make_user()
    kim = Browser(app)
    assert kim.get("/admin/stream").status_code == 303
    kim.sign_in()
    assert kim.get("/admin/stream").status_code == 404
