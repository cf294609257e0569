"""A shop at https://shop.example/shop behind the nginx of deploy/, in a real browser: from list to account."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from storefront.app import create_app
from storefront.extensions import db
from tests.accounts.people import EMAIL, PASSWORD, make_user
from tests.browser.conftest import ARGUMENTS
from tests.browser.test_checkout import fill_in, put_in
from tests.checkout.stripe_server import KEY, SECRET, StripeAccount, sign_event, stripe_api
from tests.deploy.front import HOST, Front, nginx
from tests.factories import make_category, make_product
from tests.processes import Shop, gunicorn, served
from tests.stock.streams import set_stock

pytestmark = [pytest.mark.slow, pytest.mark.needs("nginx", "openssl")]

START = f"https://{HOST}/shop/"


@dataclass
class Below:
    """The shop, the nginx before it, and the payment provider."""

    front: Front
    shop: Shop
    stripe: StripeAccount


@pytest.fixture(scope="module")
def below(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[Below]:
    """A shop in production with one product of which nine are in stock, and one customer."""
    folder = tmp_path_factory.mktemp("below")
    instance = folder / "instance"
    instance.mkdir()
    with ExitStack() as stack:
        stripe = stack.enter_context(stripe_api())
        settings = {
            "STOREFRONT_ENV": "production",
            "SECRET_KEY": "only for tests, and long enough for it",
            "TRUSTED_HOSTS": f"{HOST},127.0.0.1",
            "TRUSTED_PROXIES": "1",
            "REDIS_URL": redis_url,
            "STOREFRONT_CACHE_PREFIX": "below",
            "STOREFRONT_PREFIX": "/shop",
            "STOREFRONT_STRIPE_SECRET_KEY": KEY,
            "STOREFRONT_STRIPE_WEBHOOK_SECRET": SECRET,
            "STOREFRONT_STRIPE_API": stripe.url,
        }
        app = create_app({"PATH": os.environ["PATH"], **settings}, instance=instance)
        ran = app.test_cli_runner().invoke(args=("setup", "--no-demo"))
        assert ran.exit_code == 0, ran.output
        with app.app_context():
            make_product(
                "Mug",
                category=make_category("Cups"),
                variants=[{"sku": "MUG", "on_hand": 9, "low_threshold": 5}],
                pictures=1,
            )
            make_user()
            db.session.remove()
            db.engine.dispose()
        shop = stack.enter_context(served(instance, *gunicorn(1), **settings))
        front = stack.enter_context(nginx(folder, int(shop.url.rpartition(":")[2]), below=True))
        yield Below(front, shop, stripe)


@pytest.fixture
def visitor(browser: Browser, chromium: str, below: Below) -> Iterator[Page]:
    """A tab of a browser for which shop.example is the nginx; it records what the page asks for."""
    there = f"--host-resolver-rules=MAP {HOST}:443 127.0.0.1:{below.front.port}"
    own = browser.browser_type.launch(executable_path=chromium, args=[*ARGUMENTS, there])
    page = own.new_context(ignore_https_errors=True, base_url=START).new_page()
    yield page
    own.close()


def test_a_customer_buys_in_a_shop_below_a_path(visitor: Page, below: Below) -> None:
    asked: list[tuple[int, str]] = []
    problems: list[str] = []
    visitor.on("response", lambda answer: asked.append((answer.status, answer.url)))
    visitor.on("console", lambda said: problems.append(said.text) if HOST in said.location["url"] else None)
    visitor.on("pageerror", lambda error: problems.append(str(error)))
    visitor.goto("products")
    visitor.get_by_role("main").get_by_role("link", name="Mug").first.click()
    badge = visitor.locator("#buy stock-badge")
    expect(badge).to_have_text("In stock")
    set_stock(below.shop, "MUG", 4)
    expect(badge).to_have_text("Only 4 left", timeout=10_000)
    put_in(visitor, "products/mug")
    visitor.goto("cart")
    visitor.get_by_role("button", name="Checkout", exact=True).click()
    visitor.get_by_role("main").get_by_role("link", name="Sign in").click()
    visitor.get_by_label("E-mail").fill(EMAIL)
    visitor.get_by_label("Password").fill(PASSWORD)
    visitor.get_by_role("button", name="Sign in", exact=True).click()
    expect(visitor).to_have_url(f"{START}checkout")
    fill_in(visitor)
    visitor.get_by_text("Card").check()
    visitor.get_by_role("button", name="Continue to review").click()
    visitor.get_by_role("button", name="Buy now for").click()
    expect(visitor.get_by_role("heading", name="Pay here")).to_be_visible()
    [session] = below.stripe.sessions.values()
    assert session["success_url"].startswith(START)
    assert send_event(below, below.stripe.complete_payment(session["id"])) == 200
    visitor.goto(session["success_url"])
    expect(visitor.get_by_role("main")).to_contain_text("Paid")
    visitor.goto("account/orders")
    visitor.get_by_role("link", name=f"Order {session['client_reference_id']}").click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text(f"Order {session['client_reference_id']}")
    own = [(status, url) for status, url in asked if HOST in url]
    assert [one for one in own if one[0] >= 400 or not one[1].startswith(START)] == []
    for part in ("static/", "media/", "me", "cart/lines", "checkout", "orders/"):
        assert any(url.startswith(f"{START}{part}") for _, url in own), part
    assert problems == []


def send_event(below: Below, session: dict[str, object]) -> int:
    """Send a payment message through nginx, as Stripe does; return the status of the answer."""
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "checkout.session.completed",
        "data": {"object": session},
    }
    body, headers = sign_event(event)
    return below.front.get("/shop/payments/stripe/events", method="POST", body=body, **headers).status


def test_locations_of_nginx_hold_below_the_path(below: Below) -> None:
    front = below.front
    path = "/shop/products/mug"
    pages = [front.get(path, Accept_Encoding="br") for _ in range(2)]
    assert pages[1].front.startswith("hit")
    assert pages[1].body == pages[0].body
    assert front.get("/shop").headers["location"] == "/shop/"
    assert front.get("/products/mug", X_Forwarded_Prefix="/shop").status == 404, (
        "nginx is trusted, not its client"
    )
    assert front.get("/shop/metrics").status == 404
    missing = json.loads(front.get("/shop/api/v1/nothing").body)
    assert "/shop/api/v1/docs" in missing["detail"]
    sizes = [front.get("/shop/checkout", method="POST", body=b"x" * size) for size in (20_000, 65_537)]
    assert sizes[0].status != 413
    assert b"64 kB" in sizes[1].body
    for twin in ("/shop/categories/x/..%2f..%2fproducts%2fmug", "/shop/%2e%2e/products/mug"):
        assert front.get(twin, Accept_Encoding="br").status == 404, twin
    assert front.get(path, Accept_Encoding="br").body == pages[0].body


def test_a_trusted_proxy_names_the_path_it_removed(below: Below) -> None:
    for path, said, status in (
        ("/products/mug", "/shop", 200),
        ("/shop/products/mug", "", 200),
        ("/products/mug", "", 404),
        ("/products/mug", "/evil", 404),
    ):
        headers = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": said}
        request = urllib.request.Request(f"{below.shop.url}{path}", headers=headers)
        assert status_of(request) == status, (path, said)


def status_of(request: urllib.request.Request) -> int:
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
