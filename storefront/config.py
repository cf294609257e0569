"""Settings, typed and read once: the only reader of the environment. docs/operations.md lists them all."""

from __future__ import annotations

import difflib
import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Literal

from babel import Locale, UnknownLocaleError

from storefront.errors import ConfigurationError
from storefront.money import check_currency

StockDisplay = Literal["low", "band", "exact"]

_PLAIN = [
    "SECRET_KEY",
    "DATABASE_URL",
    "REDIS_URL",
    "CACHE_REDIS_URL",
    "SESSION_REDIS_URL",
    "LIMIT_REDIS_URL",
    "STOCK_REDIS_URL",
    "TRUSTED_PROXIES",
    "TRUSTED_HOSTS",
]
_TTLS = ["PRODUCT_DETAIL", "PRODUCT_LIST", "CATEGORY", "USER_PROFILE"]
_OURS = [
    *("INSTANCE_DIR", "ENV", "LOG", "NAME", "CURRENCY", "LOCALE", "STOCK_DISPLAY", "MEDIA_DIR"),
    *("SMTP_URL", "MAIL_FROM", "WEBHOOK_PRIVATE"),
    "SECURITY_CONTACT",
    *("CHECKOUT_FILE", "HOLD_MINUTES"),
    *("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_API"),
    *("STREAMS", "STREAMS_PER_ADDRESS"),
    *(
        "CACHE",
        "CACHE_PREFIX",
        "CACHE_SHARDS",
        "CACHE_LOCAL_MB",
        "CACHE_WARM",
        *(f"CACHE_TTL_{name}" for name in _TTLS),
    ),
    *("SESSION_TTL", "SESSION_MAX_AGE"),
    *("WORKERS", "LIMITS", "LIMIT_SHADOW", "LIMIT_ALLOW", "LIMIT_DENY", "LIMIT_VERIFY_CRAWLERS"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be configured, checked."""

    env: Literal["development", "production", "testing"]
    secret_key: str
    database_url: str
    redis_url: str | None
    cache_redis_url: str | None
    session_redis_url: str | None
    limit_redis_url: str | None
    stock_redis_url: str | None
    trusted_proxies: int
    trusted_hosts: list[str] | None
    log: str | None  # "json" or "text"; None: as Flask and gunicorn do
    name: str
    currency: str
    locale: str
    stock_display: StockDisplay
    media_dir: str
    smtp_url: str | None
    mail_from: str
    webhook_private: bool
    security_contact: str | None
    checkout: dict[str, Any]  # terms of sale, as the file has them; what they mean, the room that sells knows
    hold_minutes: int
    stripe_secret_key: str
    stripe_webhook_secret: str
    stripe_api: str
    streams: int  # open streams in each process
    streams_per_address: int
    cache: bool
    cache_prefix: str
    cache_shards: int
    cache_local_mb: int
    cache_warm: int
    cache_ttls: dict[str, int]  # seconds, by kind; only those that are set
    session_ttl: int  # seconds, unused
    session_max_age: int  # seconds, used or not
    workers: int
    limits: bool
    limit_shadow: list[str]
    limit_allow: list[str]
    limit_deny: list[str]
    limit_verify_crawlers: bool
    limit_rates: dict[str, str]  # by the names of their settings; which there are, the room that limits knows

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], instance: Path) -> Settings:
        """Read the settings; defaults live under the instance directory.

        Raises:
            ConfigurationError: a value is missing or wrong; the text says which and how to mend it.
        """
        _refuse_unknown(environ)
        env = _choice(environ, "STOREFRONT_ENV", "development", ("development", "production", "testing"))
        database_url = environ.get("DATABASE_URL") or f"sqlite:///{instance / 'storefront.sqlite3'}"
        hosts = _names(environ, "TRUSTED_HOSTS")
        limits = _choice(environ, "STOREFRONT_LIMITS", "on", ("on", "off")) == "on"
        if env == "production" and not limits:
            raise ConfigurationError(
                "STOREFRONT_LIMITS is off: rate limits may be off for measuring only, not in production. Unset it."
            )
        if env == "production" and not hosts:
            raise ConfigurationError(
                "TRUSTED_HOSTS is not set. In production, name the hosts that this shop answers to, "
                "separated by commas: TRUSTED_HOSTS=shop.example,www.shop.example"
            )
        return cls(
            env=env,  # type: ignore[arg-type]  # checked by _choice
            secret_key=_secret_key(environ, env, instance),
            database_url=_database_url(database_url),
            redis_url=environ.get("REDIS_URL") or None,
            cache_redis_url=environ.get("CACHE_REDIS_URL") or None,
            session_redis_url=environ.get("SESSION_REDIS_URL") or None,
            limit_redis_url=environ.get("LIMIT_REDIS_URL") or None,
            stock_redis_url=environ.get("STOCK_REDIS_URL") or None,
            trusted_proxies=_count(environ, "TRUSTED_PROXIES", 0, most=10),
            trusted_hosts=hosts or None,
            log=_choice(environ, "STOREFRONT_LOG", "json", ("json", "text"))
            if env == "production" or environ.get("STOREFRONT_LOG")
            else None,
            name=environ.get("STOREFRONT_NAME") or "Kettle & Clay",
            currency=check_currency(environ.get("STOREFRONT_CURRENCY") or "USD"),
            locale=_locale(environ.get("STOREFRONT_LOCALE") or "en_US"),
            stock_display=_choice(environ, "STOREFRONT_STOCK_DISPLAY", "low", ("low", "band", "exact")),  # type: ignore[arg-type]
            media_dir=environ.get("STOREFRONT_MEDIA_DIR") or str(instance / "media"),
            smtp_url=_smtp_url(environ),
            mail_from=_mail_from(environ, hosts),
            webhook_private=_choice(environ, "STOREFRONT_WEBHOOK_PRIVATE", "off", ("on", "off")) == "on",
            security_contact=_contact(environ),
            checkout=_checkout(environ, instance),
            hold_minutes=_count(environ, "STOREFRONT_HOLD_MINUTES", 10, least=1, most=60),
            stripe_secret_key=_stripe(environ, "SECRET_KEY", "sk_test_…", "(?:sk|rk)_[0-9A-Za-z_]+"),
            stripe_webhook_secret=_stripe(environ, "WEBHOOK_SECRET", "whsec_…", "whsec_[!-~]+"),
            stripe_api=_stripe(environ, "API", "http://127.0.0.1:12111", r"http://127\.0\.0\.1:[0-9]{1,5}"),
            streams=_count(environ, "STOREFRONT_STREAMS", 12_000, least=1, most=100_000),
            streams_per_address=_count(environ, "STOREFRONT_STREAMS_PER_ADDRESS", 100, least=1, most=100_000),
            cache=_choice(environ, "STOREFRONT_CACHE", "on", ("on", "off")) == "on",
            cache_prefix=_prefix(environ, "STOREFRONT_CACHE_PREFIX", "shop"),
            cache_shards=_count(environ, "STOREFRONT_CACHE_SHARDS", 1, least=1, most=1024),
            cache_local_mb=_count(environ, "STOREFRONT_CACHE_LOCAL_MB", 32, least=1, most=65536),
            cache_warm=_count(environ, "STOREFRONT_CACHE_WARM", 200, least=0, most=100_000),
            cache_ttls={
                name.lower(): _count(environ, f"STOREFRONT_CACHE_TTL_{name}", 0, least=1, most=86400)
                for name in _TTLS
                if environ.get(f"STOREFRONT_CACHE_TTL_{name}")
            },
            session_ttl=_count(environ, "STOREFRONT_SESSION_TTL", 3600, least=60, most=30 * 86400),
            session_max_age=_count(
                environ, "STOREFRONT_SESSION_MAX_AGE", 30 * 86400, least=3600, most=365 * 86400
            ),
            workers=_count(environ, "STOREFRONT_WORKERS", 1, least=1, most=10_000),
            limits=limits,
            limit_shadow=_names(environ, "STOREFRONT_LIMIT_SHADOW"),
            limit_allow=_names(environ, "STOREFRONT_LIMIT_ALLOW"),
            limit_deny=_names(environ, "STOREFRONT_LIMIT_DENY"),
            limit_verify_crawlers=_choice(environ, "STOREFRONT_LIMIT_VERIFY_CRAWLERS", "off", ("on", "off"))
            == "on",
            limit_rates={
                name: rate
                for name, rate in environ.items()
                if name.startswith("STOREFRONT_LIMIT_") and rate and name not in cls.names()
            },
        )

    @staticmethod
    def names() -> list[str]:
        """Return the names of all environment variables that are read."""
        return [*_PLAIN, *(f"STOREFRONT_{name}" for name in _OURS)]

    def to_flask(self) -> dict[str, Any]:
        """Return the settings as Flask's configuration: upper-case names, and what the extensions call them."""
        config = {field.name.upper(): getattr(self, field.name) for field in fields(self)}
        config["SQLALCHEMY_DATABASE_URI"] = self.database_url
        config["SQLALCHEMY_ENGINE_OPTIONS"] = _engine_options(self.database_url) | {
            "hide_parameters": self.env == "production"  # what people typed stays out of the log
        }
        config["TESTING"] = self.env == "testing"
        config["MAX_CONTENT_LENGTH"] = 1024 * 1024
        return config


def instance_directory(environ: Mapping[str, str], default: Path) -> Path:
    """Return the directory of this installation's own data, made if it is not there.

    Raises:
        ConfigurationError: it cannot be made.
    """
    folder = Path(environ.get("STOREFRONT_INSTANCE_DIR") or default).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The directory {folder} cannot be made: {error.strerror}. "
            "Name another with STOREFRONT_INSTANCE_DIR."
        ) from error
    return folder


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = {f"STOREFRONT_{name}" for name in _OURS}
    for name in environ:
        if name.startswith("STOREFRONT_") and name not in known and not name.startswith("STOREFRONT_LIMIT_"):
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise ConfigurationError(
                f"{name} is not a setting of this shop.{hint} docs/operations.md lists them all."
            )


def _choice(environ: Mapping[str, str], name: str, default: str, choices: tuple[str, ...]) -> str:
    value = environ.get(name) or default
    if value not in choices:
        raise ConfigurationError(f"{name} is {value!r}; it must be one of {', '.join(choices)}.")
    return value


def _count(environ: Mapping[str, str], name: str, default: int, *, least: int = 0, most: int) -> int:
    value = environ.get(name) or str(default)
    if not value.isascii() or not value.isdigit() or len(value) > 9 or not least <= int(value) <= most:
        raise ConfigurationError(f"{name} is {value!r}; it must be a whole number from {least} to {most}.")
    return int(value)


def _names(environ: Mapping[str, str], name: str) -> list[str]:
    return [item.strip() for item in environ.get(name, "").split(",") if item.strip()]


def _prefix(environ: Mapping[str, str], name: str, default: str) -> str:
    value = environ.get(name) or default
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", value):
        raise ConfigurationError(
            f"{name} is {value!r}; use up to 64 letters, digits, dots, dashes, underscores."
        )
    return value


def _locale(name: str) -> str:
    try:
        return str(Locale.parse(name))
    except (UnknownLocaleError, ValueError) as error:
        raise ConfigurationError(
            f"STOREFRONT_LOCALE is {name!r}; use a locale such as en_US or de_DE."
        ) from error


def _secret_key(environ: Mapping[str, str], env: str, instance: Path) -> str:
    if key := environ.get("SECRET_KEY"):
        if env == "production" and len(key) < 32:
            raise ConfigurationError("SECRET_KEY is shorter than 32 characters. " + _MAKE_ONE)
        return key
    if env == "production":
        raise ConfigurationError("SECRET_KEY is not set. " + _MAKE_ONE)
    file = instance / "secret_key"
    if not file.exists():
        # Written whole beside its place, then linked: of two processes that start at once, one link wins
        # and both read the same key.
        with NamedTemporaryFile("w", dir=instance, prefix="secret_key.") as draft:
            draft.write(secrets.token_hex(32))
            draft.flush()
            with suppress(FileExistsError):
                os.link(draft.name, file)
    if key := file.read_text().strip():
        return key
    raise ConfigurationError(f"{file} is empty. Delete it, and the next start makes a new one.")


_MAKE_ONE = "Make one with: python -c 'import secrets; print(secrets.token_hex(32))'"


def _database_url(url: str) -> str:
    scheme, found, rest = url.partition("://")
    if scheme in ("postgres", "postgresql", "postgresql+psycopg") and found:
        return f"postgresql+psycopg://{rest}"
    if scheme == "sqlite" and found:
        return url
    raise ConfigurationError(
        f"DATABASE_URL begins with {scheme!r}; use postgresql://user:password@host/name or sqlite:////path/to/file."
    )


def _smtp_url(environ: Mapping[str, str]) -> str | None:
    url = environ.get("STOREFRONT_SMTP_URL") or None
    if url is not None and not re.fullmatch(r"smtps?://(?:[^\s/@]+@)?[^\s/@:]+(?::[0-9]{1,5})?/?", url):
        raise ConfigurationError(
            "STOREFRONT_SMTP_URL cannot be read; write it as smtp://user:password@host:587 or smtps://host:465, "
            "with what is special in the password percent-encoded."
        )
    return url


def _mail_from(environ: Mapping[str, str], hosts: list[str]) -> str:
    address = environ.get("STOREFRONT_MAIL_FROM") or f"shop@{hosts[0].lstrip('.') if hosts else 'localhost'}"
    if not re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+", address):
        raise ConfigurationError(
            f"STOREFRONT_MAIL_FROM is {address!r}; give the bare address, as shop@shop.example."
        )
    return address


def _checkout(environ: Mapping[str, str], instance: Path) -> dict[str, Any]:
    named = environ.get("STOREFRONT_CHECKOUT_FILE")
    file = Path(named) if named else instance / "checkout.toml"
    if not named and not file.exists():
        return {}
    try:
        terms = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"STOREFRONT_CHECKOUT_FILE: {file} cannot be read as TOML: {error}. docs/checkout.md shows one."
        ) from error
    if unknown := set(terms) - {"delivery", "tax", "prices_include_tax", "invoice"}:
        raise ConfigurationError(
            f"{file} has {sorted(unknown)[0]!r}, which means nothing. docs/checkout.md shows one."
        )
    return terms


def _contact(environ: Mapping[str, str]) -> str | None:
    contact = environ.get("STOREFRONT_SECURITY_CONTACT") or None
    if contact is not None and not re.fullmatch(
        r"(?:mailto:[^\s@]+@[^\s@]+|https://\S+|tel:\+[0-9-]+)", contact
    ):
        raise ConfigurationError(
            f"STOREFRONT_SECURITY_CONTACT is {contact!r}; write it as mailto:security@shop.example, "
            "https://shop.example/security or tel:+1-201-555-0123."
        )
    return contact


def _stripe(environ: Mapping[str, str], name: str, example: str, pattern: str) -> str:
    value = environ.get(f"STOREFRONT_STRIPE_{name}", "")
    if value and not re.fullmatch(pattern, value):
        raise ConfigurationError(
            f"STOREFRONT_STRIPE_{name} does not look like one; it is written as {example}."
        )
    return value


def _engine_options(url: str) -> dict[str, Any]:
    if url.startswith("sqlite"):
        return {}
    # The time-outs of docs/architecture.md: a page fails fast and says so, rather than hang.
    timeouts = "-c statement_timeout=3000 -c lock_timeout=1000 -c idle_in_transaction_session_timeout=5000"
    return {
        "pool_pre_ping": True,
        "pool_timeout": 1,
        "connect_args": {"connect_timeout": 1, "options": timeouts},
    }
