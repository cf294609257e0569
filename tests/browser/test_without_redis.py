"""Redis fails between two clicks: the shopper stays signed in and keeps the basket, then and afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import LIMITS, copied
from tests.browser.pages import wait_until_interactive
from tests.browser.test_accounts import PASSWORD, fresh, register, sign_in
from tests.processes import Shop, eventually, served
from tests.redis_roles.servers import Server, server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """This module's own Redis, which loses its data when it is killed."""
    with server(tmp_path_factory.mktemp("redis")) as one:
        yield one


@pytest.fixture(scope="module")
def shop(
    chromium: str, media: Path, demo: Path, redis: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """The demo shop, served by `make run` on that Redis."""
    instance = copied(demo, tmp_path_factory.mktemp("without-redis"))
    with served(instance, REDIS_URL=redis.url, STOREFRONT_MEDIA_DIR=str(media), **LIMITS) as own:
        yield own


def add(page: Page, place: int) -> str:
    """Add the product at this place of the list to the basket; return its title."""
    page.goto("/products?in_stock=1&sort=name")
    card = page.locator("main article.card").get_by_role("link").nth(place)
    title = card.inner_text()
    card.click()
    page.wait_for_url("**/products/*")
    wait_until_interactive(page)  # before that the button sends the form
    page.get_by_role("button", name="Add to basket").click()
    # With JavaScript the page confirms it; without, the basket's page opens.
    expect(page.get_by_role("main")).to_contain_text(re.compile(r"is in your basket|Your basket"))
    return title


def finds(page: Page, *titles: str) -> None:
    """Expect exactly these products in the basket."""
    page.goto("/cart")
    lines = page.get_by_role("main").locator(".cart-line__title")
    expect(lines).to_have_text(list(titles))


def test_sign_ins_and_baskets_survive_without_redis(
    page: Page, context: BrowserContext, shop: Shop, redis: Server, javascript: bool
) -> None:
    email = fresh()
    register(page, shop, email)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_have_text("You’re signed out.")
    sign_in(page, email, PASSWORD)
    expect(page.get_by_role("main")).to_contain_text(f"signed in as {email}")
    other = context.new_page()
    titles = [add(page, 0), add(other, 1)]
    finds(page, *titles)
    assert redis.client.keys("*session*"), "there was something to lose"

    redis.kill()
    titles.append(add(other, 2))
    finds(page, *titles)
    page.goto("/account")
    expect(page.get_by_role("main")).to_contain_text(f"signed in as {email}")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_have_text("You’re signed out.")
    finds(other)
    page.goto("/account/login")
    sign_in(page, email, PASSWORD)
    expect(page.get_by_role("main")).to_contain_text(f"signed in as {email}")
    finds(other, *titles)
    other.get_by_role("button", name=f"Remove {titles[0]}").click()
    expect(other.locator(".cart-line__title")).to_have_count(2)
    finds(page, *titles[1:])

    redis.start()
    finds(page, *titles[1:])
    assert eventually(lambda: page.goto("/cart") and redis.client.keys("*profile*")), "Redis is used again"
    page.goto("/account")
    expect(page.get_by_role("main")).to_contain_text(f"signed in as {email}")
    finds(other, *titles[1:])
    if javascript:
        header = other.get_by_role("banner").get_by_role("link", name="Basket")
        expect(header).to_contain_text("2")
