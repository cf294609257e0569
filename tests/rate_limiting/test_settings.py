"""The table of policies, and the settings that change it."""

from __future__ import annotations

from pathlib import Path

import pytest

from storefront.errors import ConfigurationError
from storefront.limit_policies import ENDPOINT_COSTS, POLICIES
from storefront.rate_limiting.engine import rate_limits
from storefront.rate_limiting.policies import build_policies, setting_name
from tests.rate_limiting.conftest import MakeShop, policy


@pytest.mark.parametrize(
    ("text", "limit", "window", "burst"),
    [
        ("100/minute", 100, 60, 100),
        ("20/5 minutes", 20, 300, 20),
        ("20/5minutes", 20, 300, 20),
        ("100/minute+20", 100, 60, 20),
        ("3/s", 3, 1, 3),
        ("1/90s", 1, 90, 1),
        ("10/hours", 10, 3600, 10),
        ("5/7 days", 5, 604800, 5),
    ],
)
def test_a_rate_is_read(text: str, limit: int, window: int, burst: int) -> None:
    found = policy(text)
    assert (found.limit, found.window, found.burst) == (limit, window, burst)


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"STOREFRONT_LIMIT_BROWSE": "100"}, "write it as 100/minute"),
        ({"STOREFRONT_LIMIT_BROWSE": "0/minute"}, "write it as 100/minute"),
        ({"STOREFRONT_LIMIT_BROWSE": "1/8 days"}, "write it as 100/minute"),
        ({"STOREFRONT_LIMIT_BROWSE": "1/minute+0"}, "write it as 100/minute"),
        ({"STOREFRONT_LIMIT_BROWSE": "٣/minute"}, "write it as 100/minute"),
        ({"STOREFRONT_LIMIT_BROSE": "1/minute"}, "names no rate limit. There are: STOREFRONT_LIMIT_BROWSE"),
        ({"STOREFRONT_LIMIT_SHADOW": "browse,browsing"}, "names 'browsing'; there are: browse"),
        ({"STOREFRONT_LIMIT_ALLOW": "192.0.2.300"}, "STOREFRONT_LIMIT_ALLOW: .*192.0.2.300"),
        ({"STOREFRONT_LIMIT_DENY": "nobody"}, "STOREFRONT_LIMIT_DENY: 'nobody'"),
        ({"STOREFRONT_LIMIT_VERIFY_CRAWLERS": "yes"}, "must be one of on, off"),
        ({"STOREFRONT_LIMITS": "no"}, "must be one of on, off"),
        ({"STOREFRONT_WORKERS": "0"}, "whole number from 1"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_a_sentence(
    shop: MakeShop, environ: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        shop(**environ)


def test_a_setting_changes_one_limit(shop: MakeShop) -> None:
    app = shop(STOREFRONT_LIMIT_SIGN_IN_ACCOUNT="7/day+2", STOREFRONT_LIMIT_SHADOW="search, cart")
    policies = rate_limits.get(app).policies
    changed = policies["sign-in.account"]
    assert (changed.limit, changed.window, changed.burst, changed.by) == (7, 86400, 2, "account")
    assert {name for name, found in policies.items() if found.shadow} == {"search", "cart"}


def test_sign_in_checkout_and_the_api_are_always_exact() -> None:
    assert {limit.name for limit in POLICIES if not limit.exact} == {
        "browse",
        "crawler",
        "prefetch",
        "me",
        "probe",
    }


def test_another_app_gets_no_policies_of_the_shop() -> None:
    base = {"browse", "crawler", "prefetch", "cache-preview"}
    assert build_policies({}, []).keys() == base
    own = policy("1/minute")
    assert build_policies({}, [], [own]).keys() == {*base, own.name}


def test_every_endpoint_without_a_limit_exists(shop: MakeShop) -> None:
    assert set(shop().view_functions) >= set(ENDPOINT_COSTS)


def test_every_limit_is_documented_with_its_setting_and_default() -> None:
    text = (Path(__file__).parent.parent.parent / "docs" / "rate-limits.md").read_text()
    for limit in POLICIES:
        assert f"| `{limit.name}` | `{setting_name(limit.name)}` |" in text, limit.name
