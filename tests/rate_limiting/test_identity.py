"""Client addresses: nothing that a client can write into a request gives it a budget of its own."""

from __future__ import annotations

import logging
from ipaddress import ip_network

import pytest
from redis import Redis
from werkzeug.wrappers import Response

from storefront.rate_limiting import identity, register_identifier
from storefront.rate_limiting.gcra import Hit
from storefront.rate_limiting.identity import UNKNOWN_ADDRESS, ClientAddressReader, client_key
from storefront.rate_limiting.limiter import Limiter
from storefront.rate_limiting.policies import SITE_FACTOR
from tests.rate_limiting.conftest import MakeShop, policy

FORGED = (
    "203.0.113.9",
    "203.0.113.9:99999",
    "::1",
    "unknown",
    "a" * 4000,
    "\x00",
    "203.0.113.9, 198.51.100.1",
    "",
)


def name(text: str | None) -> str:
    return ClientAddressReader().read_environ({} if text is None else {"REMOTE_ADDR": text}).name


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:443", "192.0.2.7"),
        ("192.0.2.7:99999999", "192.0.2.7"),
        ("192.0.2.7:", "192.0.2.7"),
        (" 192.0.2.7 ", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("[::ffff:192.0.2.7]:80", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::9]:8080", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", UNKNOWN_ADDRESS),
        (None, UNKNOWN_ADDRESS),
        ("unix:", UNKNOWN_ADDRESS),
        ("192.0.2.256", UNKNOWN_ADDRESS),
        ("9" * 5000, UNKNOWN_ADDRESS),
        ("2001:db8::1" + "%" + "z" * 500, UNKNOWN_ADDRESS),
    ],
)
def test_an_address_as_servers_and_proxies_write_it(written: str | None, named: str) -> None:
    assert name(written) == named


def test_missing_address_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    places = ClientAddressReader()
    with caplog.at_level(logging.WARNING):
        for text in ("", "unix:", "x"):
            places.read_environ({"REMOTE_ADDR": text})
    assert [record.message.count("TRUSTED_PROXIES") for record in caplog.records] == [1]


def test_narrower_network_decides_if_both_lists_match() -> None:
    networks = [ip_network(text) for text in ("10.0.0.0/8", "10.1.2.3/32", "10.1.0.0/16", "2001:db8::/32")]
    places = ClientAddressReader(allowed=[networks[0], networks[1], networks[3]], denied=[networks[2]])
    found = {
        ip: places.read_environ({"REMOTE_ADDR": ip}).standing
        for ip in ("10.9.9.9", "10.1.9.9", "10.1.2.3", "11.0.0.1")
    }
    assert found == {
        "10.9.9.9": "allowed",
        "10.1.9.9": "denied",
        "10.1.2.3": "allowed",
        "11.0.0.1": "limited",
    }
    assert places.read_environ({"REMOTE_ADDR": "2001:db8::5"}).standing == "allowed"
    assert places.read_environ({"REMOTE_ADDR": "::ffff:10.1.9.9"}).standing == "denied"


def test_addresses_that_are_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "_MAX_REMEMBERED", 10)
    places = ClientAddressReader()
    for number in range(100):
        places.read_environ({"REMOTE_ADDR": f"192.0.2.{number}"})
    assert len(places._known) == 10


@pytest.mark.parametrize(
    "hostile", ["a" * 10_000, "two words", "line\nbreak", "{tag}", "ümlaut", "\udc80", "x" * 65, "\x00"]
)
def test_a_hostile_name_is_digested(hostile: str) -> None:
    assert len(client_key(hostile)) == 33
    assert client_key(hostile).startswith("#")
    assert client_key(hostile) != client_key(hostile + "x")


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP", "X-Client-IP"]
)
def test_a_forged_address_changes_nothing_without_proxies(shop: MakeShop, header: str) -> None:
    client = shop(STOREFRONT_LIMIT_BROWSE="5/hour").test_client()
    answers = [client.get("/robots.txt").status_code for _ in range(5)]
    forged = [value for value in FORGED if "\x00" not in value]
    answers += [client.get("/robots.txt", headers={header: value}).status_code for value in forged]
    assert answers == [200] * 5 + [429] * len(forged)


def test_behind_a_proxy_only_its_own_entry_counts(shop: MakeShop) -> None:
    client = shop(STOREFRONT_LIMIT_BROWSE="2/hour", TRUSTED_PROXIES="1").test_client()

    def ask(forwarded: str) -> int:
        return client.get("/robots.txt", headers={"X-Forwarded-For": forwarded}).status_code

    assert [ask(f"203.0.113.{number}, 192.0.2.1") for number in range(3)] == [200, 200, 429]
    assert ask("192.0.2.1, 192.0.2.2") == 200
    assert [ask(f"192.0.2.3:{port}") for port in (1, 65536, 7)] == [200, 200, 429]


def test_a_sign_in_has_a_budget_of_its_own_at_one_address(shop: MakeShop) -> None:
    app = shop(STOREFRONT_LIMIT_BROWSE="2/hour")
    register_identifier(
        app, lambda environ: {"a": "shopper:1", "b": "shopper:2"}.get(environ.get("HTTP_X_WHO", ""))
    )
    client = app.test_client()
    answers = [
        [client.get("/robots.txt", headers={"X-Who": who}).status_code for _ in range(3)]
        for who in ("a", "b", "")
    ]
    assert answers == [[200, 200, 429]] * 3


def test_addresses_of_a_48_share_a_higher_budget(shop: MakeShop) -> None:
    limits = {"STOREFRONT_LIMIT_BROWSE": "3/day", "STOREFRONT_WORKERS": "1"}
    client = shop(**limits).test_client()

    def ask(address: str) -> Response:
        return client.get("/nothing", environ_base={"REMOTE_ADDR": address})

    first = [ask("2001:db8:7:1::1") for _ in range(4)]
    assert [answer.status_code for answer in first] == [404] * 3 + [429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in first[:3]] == ["2", "1", "0"]
    assert "/48" not in first[0].headers["RateLimit-Policy"]
    whole = 3 * SITE_FACTOR
    for number in range(whole - 3):
        assert ask(f"2001:db8:7:{number + 2:x}::1").status_code == 404
    refused = ask("2001:db8:7:ffff::1")
    assert (refused.status_code, '"browse/48"' in refused.headers["RateLimit"]) == (429, True)
    assert ask("2001:db8:8:ffff::1").status_code == 404, "another /48"
    assert ask("192.0.2.1").status_code == 404


def test_48_is_counted_without_redis_too(shop: MakeShop) -> None:
    away = {
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "STOREFRONT_LIMIT_BROWSE": "1/day",
        "STOREFRONT_WORKERS": "1",
    }
    client = shop(**away).test_client()
    statuses = [
        client.get("/nothing", environ_base={"REMOTE_ADDR": f"2001:db8:7:{number:x}::1"}).status_code
        for number in range(SITE_FACTOR + 1)
    ]
    assert statuses == [404] * SITE_FACTOR + [429]


def test_two_budgets_of_an_address_take_one_round_trip(limiter: Limiter, redis: Redis) -> None:
    one = policy("100/minute", "browse", exact=False)
    hits = [Hit(one, "2001:db8:7:1::/64", 1), Hit(one.of_site, "2001:db8:7::/48", 1)]
    before = redis.info("commandstats")["cmdstat_evalsha"]["calls"] if limiter.hit(hits) else 0
    assert [limiter.hit(hits)[1] for _ in range(5)] == ["memory"] * 5
    assert redis.info("commandstats")["cmdstat_evalsha"]["calls"] == before
    assert limiter.flush()
    for hit in hits:
        assert limiter.hit([hit])[0].states[0].debt > 5 * hit.policy.interval
