"""The shop's rate limits: its table of policies, and views with a fixed cost. docs/rate-limits.md explains them."""

from __future__ import annotations

from collections.abc import Mapping

from storefront.rate_limiting import BASE_POLICIES, create_policy

POLICIES = (
    *BASE_POLICIES,
    create_policy("me", "300/minute", exact=False),
    create_policy("search", "60/minute"),
    create_policy("cart", "60/minute"),
    create_policy("sign-in.address", "20/5 minutes", by="address", strict=True),
    create_policy("sign-in.account", "10/15 minutes", by="account", in_sql=True),
    create_policy("sign-in.device", "10/hour", by="account", in_sql=True),
    create_policy("code", "10/15 minutes", by="account", in_sql=True),
    create_policy("code.day", "50/day", by="account", in_sql=True),
    create_policy("register", "10/hour", by="address", strict=True),
    create_policy("password-reset.address", "20/hour", by="address", strict=True),
    create_policy("password-reset.account", "5/hour", by="account", strict=True),
    create_policy("mail.recipient", "10/hour", by="account", in_sql=True),
    create_policy("mail.recipient-day", "30/day", by="account", in_sql=True),
    create_policy("mail.address", "30/hour", by="address", in_sql=True),
    create_policy("mail.account", "30/hour", by="account", in_sql=True),
    create_policy("checkout", "10/minute", strict=True),
    create_policy("order", "60/minute", strict=True),
    create_policy("order-lookup", "10/hour", by="address", strict=True),
    create_policy("payment.event", "1200/minute", by="address"),
    create_policy("api", "600/minute", exact_fast_path=False),
    create_policy("stream", "120/minute"),
    create_policy("staff", "600/minute"),
    create_policy("probe", "600/minute", by="address", exact=False),
)
# The views of rooms that cannot use `limit`, and views that cost nothing.
ENDPOINT_COSTS: Mapping[str, Mapping[str, int]] = {
    "static": {},
    "icon": {},
    "look.sheet": {},
    "healthz": {},
    "metrics": {},
    "catalog.media": {},
    "catalog.speculation_rules": {},
    "readyz": {"probe": 1},
}
