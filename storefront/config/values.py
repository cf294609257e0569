"""Values of which there is one: the hosts, the secret, the database, the mail's sender, the terms of sale."""

from __future__ import annotations

import os
import re
import secrets
import tomllib
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from storefront.config.reader import Given, choice, form, switch, whole, words
from storefront.errors import ConfigurationError

_MAKE_ONE = "Make one with: python -c 'import secrets; print(secrets.token_hex(32))'"
TTL = "STOREFRONT_CACHE_TTL_"
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")


def hosts(given: Given, name: str) -> list[str] | None:
    """Read the hosts that the shop answers to; None: any, outside production."""
    found = words(given, name)
    if given.production and not found:
        raise ConfigurationError(
            f"{name} is not set. In production, name the hosts that this shop answers to, "
            f"separated by commas: {name}=shop.example,www.shop.example"
        )
    return found or None


def secret_key(given: Given, name: str) -> str:
    """Read what cookies and links are signed with; outside production one is made, once."""
    if key := given.get(name):
        if given.production and len(key) < 32:
            raise ConfigurationError(f"{name} is shorter than 32 characters. {_MAKE_ONE}")
        return key
    if given.production:
        raise ConfigurationError(f"{name} is not set. {_MAKE_ONE}")
    file = given.instance / "secret_key"
    if not file.exists():
        # Written whole beside its place, then linked: of two processes that start at once, one link wins
        # and both read the same key.
        with NamedTemporaryFile("w", dir=given.instance, prefix="secret_key.") as draft:
            draft.write(secrets.token_hex(32))
            draft.flush()
            with suppress(FileExistsError):
                os.link(draft.name, file)
    if key := file.read_text().strip():
        return key
    raise ConfigurationError(f"{file} is empty. Delete it, and the next start makes a new one.")


def database_url(given: Given, name: str) -> str:
    """Read where the database is, as SQLAlchemy takes it. No more of it than its scheme is ever repeated."""
    url = given.get(name, f"sqlite:///{given.instance / 'storefront.sqlite3'}")
    scheme, found, rest = url.partition("://")
    if not found or scheme not in ("postgres", "postgresql", "postgresql+psycopg", "sqlite"):
        begins = f"begins with {scheme!r}" if found else "has no ://"
        raise ConfigurationError(
            f"{name} {begins}; use postgresql://user:password@host/name or sqlite:////path/to/file."
        )
    url = url if scheme == "sqlite" else f"postgresql+psycopg://{rest}"
    try:
        make_url(url)
    except (ArgumentError, ValueError):
        raise ConfigurationError(
            f"{name} cannot be read; write it as postgresql://user:password@host:5432/name, with what is special "
            "in the password percent-encoded."
        ) from None
    return url


def smtp_url(given: Given, name: str) -> str | None:
    """Read which server sends mail, if one does."""
    sentence = (
        "cannot be read; write it as smtp://user:password@host:587 or smtps://host:465, with what is special in the "
        "password percent-encoded."
    )
    url: str = form(r"smtps?://(?:[^\s/@]+@)?[^\s/@:]+(?::[0-9]{1,5})?/?", sentence)(given, name)
    try:
        _ = urlsplit(url).port
    except ValueError as error:
        raise ConfigurationError(f"{name} {sentence}") from error
    return url or None


def engine_options(url: str) -> dict[str, Any]:
    """Return what SQLAlchemy's engine takes: the time-outs that go with each connection."""
    if url.startswith("sqlite"):
        return {}
    # The time-outs of docs/operations.md: a page fails fast and says so, rather than hang.
    timeouts = "-c statement_timeout=3000 -c lock_timeout=1000 -c idle_in_transaction_session_timeout=5000"
    return {
        "pool_pre_ping": True,
        "pool_timeout": 1,
        "connect_args": {"connect_timeout": 1, "options": timeouts},
    }


def log(given: Given, name: str) -> str | None:
    """Read the log's form; None: as Flask and gunicorn do."""
    return str(choice("json", "text")(given, name)) if given.production or given.get(name) else None


def locale(given: Given, name: str) -> str:
    """Read how amounts are written."""
    value = given.get(name, "en_US")
    try:
        return str(Locale.parse(value))
    except (UnknownLocaleError, ValueError) as error:
        raise ConfigurationError(f"{name} is {value!r}; use a locale such as en_US or de_DE.") from error


def limits(given: Given, name: str) -> bool:
    """Read whether there are rate limits."""
    if (on := bool(switch(default=True)(given, name))) or not given.production:
        return on
    raise ConfigurationError(
        f"{name} is off: rate limits may be off for measuring only, not in production. Unset it."
    )


def rates(given: Given) -> dict[str, str]:
    """Read all other limits; which there are, the room that limits knows."""
    return {
        name: rate
        for name, rate in given.environ.items()
        if name.startswith("STOREFRONT_LIMIT_") and rate and name not in given.known
    }


def ttls(given: Given, *names: str) -> dict[str, int]:
    """Read seconds by kind; only those that are set."""
    read = whole(0, least=1, most=86400)
    return {name.removeprefix(TTL).lower(): read(given, name) for name in names if given.get(name)}


def mail_from(given: Given, name: str, hosts: str) -> str:
    """Read from whom the shop's mail comes."""
    first = next(iter(words(given, hosts)), "localhost").lstrip(".")
    address = given.get(name, f"shop@{first}")
    if not _ADDRESS.fullmatch(address):
        raise ConfigurationError(f"{name} is {address!r}; give the bare address, as shop@shop.example.")
    return address


def checkout(given: Given, name: str) -> dict[str, Any]:
    """Read the terms of sale, as the file has them; what they mean, the room that sells knows."""
    named = given.get(name)
    file = Path(named) if named else given.instance / "checkout.toml"
    if not named and not file.exists():
        return {}
    try:
        terms = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"{name}: {file} cannot be read as TOML: {error}. docs/checkout.md shows one."
        ) from error
    if unknown := set(terms) - {"delivery", "tax", "prices_include_tax", "invoice"}:
        raise ConfigurationError(
            f"{file} has {sorted(unknown)[0]!r}, which means nothing. docs/checkout.md shows one."
        )
    return terms
