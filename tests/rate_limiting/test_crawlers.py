"""Crawlers are verified; until then they have the budget of everybody."""

from __future__ import annotations

import socket

import pytest

from storefront.rate_limiting import crawlers as module
from storefront.rate_limiting.crawlers import CrawlerVerifier
from storefront.rate_limiting.engine import rate_limits
from tests.processes import eventually
from tests.rate_limiting.conftest import MakeShop

AGENT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
NAMES = {
    "66.249.66.1": "crawl-66-249-66-1.googlebot.com",
    "192.0.2.1": "googlebot.com.evil.example",
    "192.0.2.2": "evilgooglebot.com",
    "192.0.2.3": "crawl-66-249-66-1.googlebot.com",  # the owner of an address can give it any name
    "192.0.2.4": "msnbot.search.msn.com",
}
ADDRESSES = {"crawl-66-249-66-1.googlebot.com": ["66.249.66.1"], "googlebot.com.evil.example": ["192.0.2.1"]}


def reverse(ip: str) -> str:
    if ip not in NAMES:
        raise socket.herror("no such name")
    return NAMES[ip]


def forward(name: str) -> list[str]:
    if name not in ADDRESSES:
        raise socket.gaierror("no such address")
    return ADDRESSES[name]


def test_crawler_needs_matching_name_and_address() -> None:
    crawlers = CrawlerVerifier(reverse, forward)
    found = {ip for ip in [*NAMES, "192.0.2.99"] if crawlers.verify("googlebot", ip)}
    assert found == {"66.249.66.1"}


def test_look_up_is_made_once_and_blocks_nobody() -> None:
    asked = []

    def counting(ip: str) -> str:
        asked.append(ip)
        return reverse(ip)

    crawlers = CrawlerVerifier(counting, forward)
    assert not crawlers.is_verified("66.249.66.1", AGENT)
    assert eventually(lambda: crawlers.is_verified("66.249.66.1", AGENT))
    assert all(crawlers.is_verified("66.249.66.1", AGENT) for _ in range(20))
    assert asked == ["66.249.66.1"]
    assert not crawlers.is_verified("66.249.66.1", "Mozilla/5.0 (X11; Linux x86_64)")


def test_invalid_name_does_not_end_the_look_ups() -> None:
    NAMES["192.0.2.5"] = f"{'a' * 64}.googlebot.com"  # the owner of an address can give it any name
    crawlers = CrawlerVerifier(reverse, lambda name: [name.encode("idna").decode()] and forward(name))
    assert not crawlers.is_verified("192.0.2.5", AGENT)
    assert not crawlers.is_verified("66.249.66.1", AGENT)
    assert eventually(lambda: crawlers.is_verified("66.249.66.1", AGENT))


def test_remembered_crawlers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_REMEMBERED", 10)
    crawlers = CrawlerVerifier(reverse, forward)
    for number in range(60):
        crawlers.is_verified(f"198.51.100.{number}", AGENT)
    assert eventually(lambda: not crawlers._look_ups.is_running)
    assert len(crawlers._results) <= 10


def test_a_verified_crawler_has_a_budget_of_its_own(shop: MakeShop) -> None:
    app = shop(STOREFRONT_LIMIT_BROWSE="1/hour", STOREFRONT_LIMIT_VERIFY_CRAWLERS="on")
    crawlers = rate_limits.get(app).crawlers
    crawlers._reverse, crawlers._forward = reverse, forward
    client = app.test_client()

    def policy(ip: str) -> str:
        about = {"environ_overrides": {"REMOTE_ADDR": ip}, "headers": {"User-Agent": AGENT}}
        return client.get("/robots.txt", **about).headers["RateLimit-Policy"]

    assert eventually(lambda: policy("66.249.66.1").startswith('"crawler";q=600'))
    assert policy("192.0.2.2").startswith('"browse"')
    assert eventually(lambda: not crawlers._look_ups.is_running)
    assert policy("192.0.2.2").startswith('"browse"')


def test_crawler_verification_is_off_by_default(shop: MakeShop) -> None:
    assert rate_limits.get(shop()).crawlers is None
