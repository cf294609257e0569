"""The table of settings: the variable's name, its reader and its default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from storefront.config import shop, shop_table, values
from storefront.config.edge_settings import EdgeSettings, read_edge
from storefront.config.reader import (
    INSTANCE,
    Source,
    choice,
    integer,
    optional,
    or_none,
    pattern,
    setting,
    switch,
    words,
)

_DAY = 86400
_TTL_KINDS = ("PRODUCT_DETAIL", "PRODUCT_LIST", "CATEGORY", "USER_PROFILE", "SETTINGS", "CONTENT")
_STRIPE = "does not look like one; it is written as "
_CONTACT = (
    "is {value!r}; write it as mailto:security@shop.example, https://shop.example/security "
    "or tel:+1-201-555-0123."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, checked. They are read in the order of the fields."""

    env: Literal["development", "production", "testing"] = setting(
        choice("development", "production", "testing"), "STOREFRONT_ENV"
    )
    limits: bool = setting(values.limits, "STOREFRONT_LIMITS")
    trusted_hosts: list[str] | None = setting(values.hosts, "TRUSTED_HOSTS")
    trusted_proxies: int = setting(integer(0, least=0, most=10), "TRUSTED_PROXIES")
    secret_key: str = setting(values.secret_key, "SECRET_KEY")
    database_url: str = setting(values.database_url, "DATABASE_URL")
    redis_url: str | None = setting(optional, "REDIS_URL")
    cache_redis_url: str | None = setting(optional, "CACHE_REDIS_URL")
    session_redis_url: str | None = setting(optional, "SESSION_REDIS_URL")
    limit_redis_url: str | None = setting(optional, "LIMIT_REDIS_URL")
    stock_redis_url: str | None = setting(optional, "STOCK_REDIS_URL")
    log: str | None = setting(values.log, "STOREFRONT_LOG")
    workers: int = setting(integer(1, least=1, most=10_000), "STOREFRONT_WORKERS")

    # The merchant's settings that the environment sets, by name; the others are in the database.
    shop_settings: dict[str, Any] = setting(shop.read_environment, *shop_table.ShopSettings.variables())
    media_dir: str = setting(
        lambda source, name: source.get(name, str(source.instance / "media")), "STOREFRONT_MEDIA_DIR"
    )
    pictures_in_background: bool = setting(switch(default=True), "STOREFRONT_PICTURES_IN_BACKGROUND")
    # Open streams per process.
    streams: int = setting(integer(12_000, least=1, most=100_000), "STOREFRONT_STREAMS")
    streams_per_address: int = setting(integer(100, least=1, most=100_000), "STOREFRONT_STREAMS_PER_ADDRESS")
    # Slow clients: seconds for a body, simultaneous connections of an address in each process.
    body_timeout: int = setting(integer(10, least=1, most=60), "STOREFRONT_BODY_TIMEOUT")
    connections_per_address: int = setting(
        integer(200, least=1, most=100_000), "STOREFRONT_CONNECTIONS_PER_ADDRESS"
    )

    cache: bool = setting(switch(default=True), "STOREFRONT_CACHE")
    cache_prefix: str = setting(
        pattern(
            r"[A-Za-z0-9._-]{1,64}",
            "is {value!r}; use up to 64 letters, digits, dots, dashes, underscores.",
            default="shop",
        ),
        "STOREFRONT_CACHE_PREFIX",
    )
    cache_shards: int = setting(integer(1, least=1, most=1024), "STOREFRONT_CACHE_SHARDS")
    cache_local_mb: int = setting(integer(32, least=1, most=65536), "STOREFRONT_CACHE_LOCAL_MB")
    # Seconds for which an old page may be shown after a relaxed invalidation.
    cache_grace: int = setting(integer(5, least=0, most=60), "STOREFRONT_CACHE_GRACE")
    cache_relaxed_tags: list[str] = setting(words, "STOREFRONT_CACHE_RELAXED_TAGS")
    cache_warm: int = setting(integer(200, least=0, most=100_000), "STOREFRONT_CACHE_WARM")
    cache_rebuild_percent: int = setting(integer(10, least=0, most=100), "STOREFRONT_CACHE_REBUILD_PERCENT")
    cache_verify_percent: int = setting(integer(1, least=0, most=100), "STOREFRONT_CACHE_VERIFY_PERCENT")
    cache_ttls: dict[str, int] = setting(
        values.ttls,
        *(f"{values.TTL}{kind}" for kind in _TTL_KINDS),
    )
    edge: EdgeSettings | None = setting(
        read_edge,
        "STOREFRONT_EDGE",
        "STOREFRONT_EDGE_URL",
        "STOREFRONT_EDGE_SERVICE",
        "STOREFRONT_EDGE_TOKEN",
    )

    prefix: str = setting(
        pattern(
            r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]{1,64}){1,8}",
            "is {value!r}; write it as /shop: letters, digits, dots, dashes, underscores, no slash at its end.",
        ),
        "STOREFRONT_PREFIX",
    )
    cookie_name: str = setting(
        pattern(r"[A-Za-z0-9_-]{1,32}", "is {value!r}; use up to 32 letters, digits, dashes, underscores."),
        "STOREFRONT_COOKIE_NAME",
    )
    cookie_path: str = setting(
        pattern(r"/|(?:/[A-Za-z0-9._~-]{1,64}){1,8}", "is {value!r}; write it as / or /shop.", default="/"),
        "STOREFRONT_COOKIE_PATH",
    )
    # Seconds: an unused session ends after the first, any session after the second.
    session_ttl: int = setting(integer(3600, least=60, most=30 * _DAY), "STOREFRONT_SESSION_TTL")
    session_max_age: int = setting(
        integer(30 * _DAY, least=3600, most=365 * _DAY), "STOREFRONT_SESSION_MAX_AGE"
    )

    limit_shadow: list[str] = setting(words, "STOREFRONT_LIMIT_SHADOW")
    limit_allow: list[str] = setting(words, "STOREFRONT_LIMIT_ALLOW")
    limit_deny: list[str] = setting(words, "STOREFRONT_LIMIT_DENY")
    limit_verify_crawlers: bool = setting(switch(default=False), "STOREFRONT_LIMIT_VERIFY_CRAWLERS")
    limit_rates: dict[str, str] = setting(values.rates)  # by the name of the variable

    smtp_url: str | None = setting(values.smtp_url, "STOREFRONT_SMTP_URL")
    mail_from: str = setting(
        lambda source, name: values.mail_from(source, name, "TRUSTED_HOSTS"), "STOREFRONT_MAIL_FROM"
    )
    security_contact: str | None = setting(
        or_none(pattern(r"(?:mailto:[^\s@]+@[^\s@]+|https://\S+|tel:\+[0-9-]+)", _CONTACT)),
        "STOREFRONT_SECURITY_CONTACT",
    )
    checkout: values.CheckoutFile = setting(values.checkout, "STOREFRONT_CHECKOUT_FILE")
    hold_minutes: int = setting(integer(10, least=1, most=60), "STOREFRONT_HOLD_MINUTES")
    stripe_secret_key: str = setting(
        pattern("(?:sk|rk)_[0-9A-Za-z_]+", f"{_STRIPE}sk_test_…."), "STOREFRONT_STRIPE_SECRET_KEY"
    )
    stripe_webhook_secret: str = setting(
        pattern("whsec_[!-~]+", f"{_STRIPE}whsec_…."), "STOREFRONT_STRIPE_WEBHOOK_SECRET"
    )
    stripe_api: str = setting(
        pattern(r"http://127\.0\.0\.1:[0-9]{1,5}", f"{_STRIPE}http://127.0.0.1:12111."),
        "STOREFRONT_STRIPE_API",
    )
    metrics_token: str | None = setting(
        or_none(pattern("[!-~]{16,200}", "is not a token; use 16 to 200 letters, digits and signs.")),
        "STOREFRONT_METRICS_TOKEN",
    )
    webhook_private: bool = setting(switch(default=False), "STOREFRONT_WEBHOOK_PRIVATE")

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], instance: Path) -> Settings:
        """Read all settings from environment variables; defaults are stored under the instance directory.

        Raises:
            ConfigurationError: a value is missing or wrong; the message says which one and how to fix it.
        """
        source = Source(environ, instance, cls.names())
        source.refuse_unknown()
        return cls(**{row.name: row.metadata["read"](source, *row.metadata["names"]) for row in fields(cls)})

    @classmethod
    def names(cls) -> list[str]:
        """Return the names of all environment variables that the shop reads."""
        return [INSTANCE, *(name for row in fields(cls) for name in row.metadata["names"])]

    def to_flask(self) -> dict[str, Any]:
        """Return the settings for Flask's configuration, in upper case, with the names that extensions expect."""
        config = {row.name.upper(): getattr(self, row.name) for row in fields(self)}
        config["SQLALCHEMY_DATABASE_URI"] = self.database_url
        config["SQLALCHEMY_ENGINE_OPTIONS"] = values.engine_options(self.database_url) | {
            "hide_parameters": self.env == "production"  # keeps what people typed out of the log
        }
        config["TESTING"] = self.env == "testing"
        return config
