"""Defaults, ranges, times and names in docs/settings.md and docs/runbook.md are those of the code."""

from __future__ import annotations

import json
import logging
import re
from datetime import timedelta
from fnmatch import fnmatch
from pathlib import Path

import pytest

from storefront.accounts import cookie, lifetimes, sign_in_limits
from storefront.cart import cookie as basket
from storefront.config import Settings, ShopSettings
from storefront.errors import ConfigurationError
from storefront.limit_policies import POLICIES
from storefront.mail import queue
from storefront.ops import request_figures, schema
from storefront.ops.doctor import redis_servers
from storefront.redis_roles import address, circuit_breaker
from storefront.shop_cache import keys
from storefront.web import logs
from tests.conftest import SHIPPED_TIMEOUT
from tests.processes import ROOT

SETTINGS = (ROOT / "docs" / "settings.md").read_text()
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
ROWS = dict(re.findall(r"^\| `((?:STOREFRONT_)?[A-Z_0-9]+)` \| ([^|]+) \|", SETTINGS, re.M))
WHAT = dict(re.findall(r"^\| `((?:STOREFRONT_)?[A-Z_0-9]+)` \| [^|]+ \| (.+) \|$", SETTINGS, re.M))
_TTLS = {f"STOREFRONT_CACHE_TTL_{kind.name.upper()}": kind.ttl for kind in keys.KINDS}
SHOP = ShopSettings.from_values({})
_UNITS = {"an hour": 3600, "30 days": 30 * 86400, "a year": 365 * 86400}


def words(text: str) -> str:
    """Return the text without its line breaks."""
    return " ".join(text.split())


def section(heading: str) -> str:
    """Return the text below a heading of either document, without line breaks."""
    text = f"{SETTINGS}\n{RUNBOOK}"
    return words(text[text.index(f"\n## {heading}\n") :].split("\n## ")[1])


def read(instance: Path, **environ: str) -> Settings:
    return Settings.from_environ({"SECRET_KEY": "k" * 40, **environ}, instance)


def test_documented_defaults_match_the_code(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert set(ROWS) == set(Settings.names())
    plain = {name: found[1] for name, cell in ROWS.items() if (found := re.fullmatch(r"`([^`]+)`", cell))}
    assert len(plain) > 20
    for name, default in plain.items():
        if default in ROWS:  # another process's figures
            continue
        field = name.removeprefix("STOREFRONT_").lower()
        value = _TTLS.get(name) or getattr(SHOP, field, getattr(settings, field, None))
        value = {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else value
        assert str(value).removeprefix(f"{tmp_path}/") == default.removeprefix("instance/"), name
    for name, cell in ROWS.items():
        if cell == "none":
            field = name.removeprefix("STOREFRONT_").lower()
            assert not getattr(SHOP, field, getattr(settings, field, None)), name
    assert settings.mail_from == "shop@localhost"
    assert read(tmp_path, TRUSTED_HOSTS="a.example,b.example").mail_from == "shop@a.example"


def test_documented_ranges_match_the_code(tmp_path: Path) -> None:
    found = {
        name: re.findall(r"\((an hour|[\d,]+) ?(?:–|to) ?(a year|30 days|[\d,]+)\)", cell)
        for name, cell in WHAT.items()
    }
    ranges = {name: pairs[0] for name, pairs in found.items() if pairs}
    assert len(ranges) >= 5
    for name, pair in ranges.items():
        least, most = (_UNITS.get(word) or int(word.replace(",", "")) for word in pair)
        for value in (least, most):
            read(tmp_path, **{name: str(value)})
        for value in (least - 1, most + 1):
            with pytest.raises(ConfigurationError, match=f"whole number from {least} to {most}"):
                read(tmp_path, **{name: str(value)})


def test_documented_choices_are_accepted(tmp_path: Path) -> None:
    for name, value in re.findall(r"\| `(STOREFRONT_[A-Z_]+)` \| [^|]+ \| `(on|off|text|json)`", SETTINGS):
        read(tmp_path, **{name: value})
    for value in ("low", "band", "exact"):
        assert f"`{value}`" in WHAT["STOREFRONT_STOCK_DISPLAY"]
        read(tmp_path, STOREFRONT_STOCK_DISPLAY=value)
    for value in re.findall(r"`(smtps?://[^`]+)`", WHAT["STOREFRONT_SMTP_URL"]):
        read(tmp_path, STOREFRONT_SMTP_URL=value)
    for rate in re.findall(
        r"`(\d+/[^`]+)`", SETTINGS[SETTINGS.index("| `STOREFRONT_LIMIT_<POLICY>`") :].split("\n")[0]
    ):
        read(tmp_path, STOREFRONT_LIMIT_BROWSE=rate)


def test_make_run_reads_the_documented_variables() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for name, value in re.findall(r"`(HOST|PORT|WORKERS)` \((?:default )?`([^`]+)`\)", SETTINGS):
        assert f"\n{name} ?= {value}\n" in makefile
        assert f"$({name})" in makefile


def test_documented_redis_urls_can_be_parsed() -> None:
    forms = re.findall(r"`((?:redis|unix)[+a-z]*://[^`…]+)`", section("A Redis of your own"))
    assert {form.partition("://")[0] for form in forms} == {
        "redis",
        "unix",
        "redis+sentinel",
        "redis+cluster",
    }
    for form in forms:
        address.parse_url("REDIS_URL", form.replace("host:port", "host:6379").replace("/db", "/0"))
    address.parse_url(
        "REDIS_URL", "rediss://host?ssl_ca_certs=a&ssl_certfile=b&ssl_keyfile=c&ssl_cert_reqs=d&client_name=e"
    )
    address.parse_url("REDIS_URL", "redis+sentinel://h/state?sentinel_username=a&sentinel_password=b")


def test_documented_time_outs_match_the_code() -> None:
    text = section("A Redis of your own")
    assert f"at most {SHIPPED_TIMEOUT:g} s to connect and {SHIPPED_TIMEOUT:g} s for an answer" in text
    assert f"After {circuit_breaker.MAX_ERRORS} errors in {circuit_breaker.ERROR_WINDOW:g} seconds" in text
    assert f"Every {circuit_breaker.PROBE_INTERVAL:g} seconds one probe" in text
    assert (schema.PROMPT, "within half a second" in section("Health")) == (0.5, True)
    assert "Redis {}.{}, Valkey {}.{} at least".format(
        *redis_servers.OLDEST["redis"], *redis_servers.OLDEST["valkey"]
    ) in section("The doctor")


def test_cookies_live_as_long_as_documented() -> None:
    lives = dict(re.findall(r"^\| `(\w+)` \| `[\w-]+` \| ([^|]+) \|", RUNBOOK, re.M))
    assert lives["signin"].startswith(f"{cookie.LIFETIME.days} days")
    assert (lives["cart"], timedelta(seconds=basket.MAX_AGE)) == ("a year", timedelta(days=365))
    script = (ROOT / "static" / "js" / "elements" / "recently-viewed.js").read_text()
    assert "30 * 24 * 3600" in script or "2592000" in script, "recent: 30 days"
    assert lives["recent"] == "30 days"


def test_documented_mail_and_sign_in_limits_match_the_code() -> None:
    text = section("Mail and sign-ins")
    assert 3000 < sum(queue.BACKOFF) < 4200, "about an hour"
    assert f"{lifetimes.KEPT.days} days in all" in text
    assert f"{lifetimes.CUSTOMER.days} days in all" in text
    assert f"{lifetimes.STAFF.total_seconds() / 3600:g} hours in all" in text
    assert f"{lifetimes.UNUSED_KEPT.days} days unseen" in text
    assert f"{lifetimes.UNUSED.total_seconds() / 3600:g} hours unseen" in text
    by_name = {policy.name: policy for policy in POLICIES}
    account, address, device = (by_name[name] for name in sign_in_limits.POLICIES)
    minutes = account.window // 60, address.window // 60
    assert (account.limit, address.limit, device.limit) == (10, 20, 10)
    assert (
        f"the tenth for one account in {minutes[0]} minutes, or the twentieth from one address in {minutes[1]}"
        in text
    )
    assert (device.window, "for an hour" in text) == (3600, True)


def test_the_log_line_has_the_documented_fields() -> None:
    shown = json.loads(words(re.findall(r"^ +(\{\"time\".*?\})\n\n", RUNBOOK, re.S | re.M)[0]))
    record = logging.LogRecord("storefront.requests", logging.INFO, "", 1, "GET /", (), None)
    fields = {
        name: shown[name]
        for name in ("method", "route", "path", "status", "ms", "bytes", "request_id", "cache")
    }
    setattr(record, logs.FIELDS, fields)
    assert list(json.loads(logs.JsonFormatter().format(record))) == list(shown)
    made = (ROOT / "storefront" / "ops" / "request_figures.py").read_text()
    assert all(f'"{name}":' in made for name in fields)
    assert request_figures.log.name == shown["logger"]


def test_the_documented_journal_unit_exists() -> None:
    (unit,) = re.findall(r"journalctl -u '([^']+)'", section("The log"))
    assert fnmatch("storefront@8000", unit)
    assert (ROOT / "deploy" / "systemd" / f"{unit.removesuffix('*')}.service").exists()
