"""Readers for single settings: hosts, secret key, database, mail, rate limits, terms of sale."""

from __future__ import annotations

import difflib
import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from babel import Locale, UnknownLocaleError
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from storefront.config.reader import Source, choice, integer, pattern, switch, words
from storefront.email_syntax import exact_email
from storefront.errors import ConfigurationError
from storefront.i18n import gettext as _
from storefront.i18n import quote
from storefront.sqlite import MAX_BUSY_SECONDS, busy_seconds
from storefront.unicode_text import clean_line, is_invisible

_MAKE_ONE = "Make one with: python -c 'import secrets; print(secrets.token_hex(32))'"
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.%]+)\]|([^\[\]:]+))(?::([0-9]{1,5}))?")
LOOPBACK_HOSTS = (".localhost", "127.0.0.1")
TTL = "STOREFRONT_CACHE_TTL_"
_MOST_LANGUAGES = 20
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")


def hosts(source: Source, name: str) -> list[str] | None:
    """Return the hosts that the shop answers to.

    Outside production it answers to the names of this machine too, and None means these names alone.
    """
    found = words(source, name)
    if source.production and not found:
        raise ConfigurationError(
            f"{name} is not set. In production, name the hosts that this shop answers to, "
            f"separated by commas: {name}=shop.example,www.shop.example"
        )
    if source.production or not found:
        return found or None
    return [*found, *(name for name in LOOPBACK_HOSTS if name not in found)]


def secret_key(source: Source, name: str) -> str:
    """Return the key that signs cookies and links. Outside production it is generated once and stored."""
    if key := source.get(name):
        if source.production and len(key) < 32:
            raise ConfigurationError(f"{name} is shorter than 32 characters. {_MAKE_ONE}")
        return key
    if source.production:
        raise ConfigurationError(f"{name} is not set. {_MAKE_ONE}")
    file = source.instance / "secret_key"
    if not file.exists():
        # The key is written to a temporary file and then linked. If two processes start at the same time, one
        # link wins and both read the same key.
        try:
            with NamedTemporaryFile("w", dir=source.instance, prefix="secret_key.") as draft:
                draft.write(secrets.token_hex(32))
                draft.flush()
                with suppress(FileExistsError):
                    os.link(draft.name, file)
        except OSError as error:  # the temporary file's name helps nobody
            raise OSError(error.errno, error.strerror, str(source.instance)) from error
    if key := file.read_text().strip():
        return key
    raise ConfigurationError(f"{file} is empty. Delete it, and the next start makes a new one.")


def database_url(source: Source, name: str) -> str:
    """Return the database URL in SQLAlchemy's form. Errors repeat only its scheme, since it may hold a password."""
    url = source.get(name) or _own_database(source.instance)
    scheme, found, rest = url.partition("://")
    if not found or scheme not in ("postgres", "postgresql", "postgresql+psycopg", "sqlite"):
        begins = f"begins with {scheme!r}" if found else "has no ://"
        raise ConfigurationError(
            f"{name} {begins}; use postgresql://user:password@host/name or sqlite:////path/to/file."
        )
    try:
        url = url if scheme == "sqlite" else f"postgresql+psycopg://{_spread_hosts(rest)}"
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ConfigurationError(
            f"{name} is not a valid URL; write it as postgresql://user:password@host:5432/name or with several "
            "servers as …@one:5432,two:5432/name, and percent-encode special characters in the password."
        ) from None
    if scheme == "sqlite":
        try:
            busy_seconds(parsed)
        except ValueError:
            raise ConfigurationError(
                f"{name} has a timeout that is not a number of seconds above 0 and up to {MAX_BUSY_SECONDS:.0f}; "
                "write it as sqlite:////path/to/file?timeout=10."
            ) from None
    return url


def _own_database(instance: Path) -> str:
    """Return the URL of the SQLite database in the instance directory."""
    if "?" in str(instance):
        raise ConfigurationError(
            f"The path {instance} has a question mark, which the URL of a SQLite database cannot hold. Name another "
            "directory with STOREFRONT_INSTANCE_DIR."
        )
    return f"sqlite:///{instance / 'storefront.sqlite3'}"


def _spread_hosts(rest: str) -> str:
    """Return a PostgreSQL URL after its scheme with several hosts as parameters, as SQLAlchemy wants them.

    libpq reads both `user@one:5432,two:5432/name` and what this returns (PostgreSQL, "Connection URIs"). Of several
    servers, the shop uses the one that accepts writes.
    """
    end = next((place for place, sign in enumerate(rest) if sign in "/?"), len(rest))
    user, at, hosts = rest[:end].rpartition("@")
    if "," not in hosts:
        return rest
    pairs = [_HOST.fullmatch(host) for host in hosts.split(",")]
    if None in pairs:
        raise ValueError("one of the hosts is not written as host or host:port")
    names, ports = zip(*((pair[1] or pair[2], pair[3] or "") for pair in pairs if pair), strict=True)
    path, _mark, query = rest[end:].partition("?")
    parameters = ["host=" + ",".join(names), "port=" + ",".join(ports), *([query] if query else ())]
    if "target_session_attrs=" not in query:
        parameters.append("target_session_attrs=read-write")
    return f"{user}{at}{path or '/'}?{'&'.join(parameters)}"


def smtp_url(source: Source, name: str) -> str | None:
    """Return the URL of the SMTP server, or None if the shop sends no mail."""
    sentence = (
        "is not a valid URL; write it as smtp://user:password@host:587 or smtps://host:465, and percent-encode "
        "special characters in the password."
    )
    url: str = pattern(r"smtps?://(?:[^\s/@]+@)?[^\s/@:]+(?::[0-9]{1,5})?/?", sentence)(source, name)
    try:
        _ = urlsplit(url).port
    except ValueError as error:
        raise ConfigurationError(f"{name} {sentence}") from error
    return url or None


def engine_options(url: str) -> dict[str, Any]:
    """Return SQLAlchemy's engine options: the time-outs of each PostgreSQL connection."""
    if url.startswith("sqlite"):
        return {}
    # Listed in docs/runbook.md. A page fails quickly with a clear error instead of hanging.
    timeouts = "-c statement_timeout=3000 -c lock_timeout=1000 -c idle_in_transaction_session_timeout=5000"
    return {
        "pool_pre_ping": True,
        "pool_timeout": 1,
        # The last is Linux's alone and ignored elsewhere: milliseconds until sent data must be acknowledged.
        "connect_args": {"connect_timeout": 2, "options": timeouts, "tcp_user_timeout": 3000},
    }


def log(source: Source, name: str) -> str | None:
    """Return the log's format, or None to leave logging to Flask and gunicorn."""
    return str(choice("json", "text")(source, name)) if source.production or source.get(name) else None


def shop_name(source: Source, name: str) -> str:
    """Return the shop's name."""
    typed = source.get(name, "Kettle & Clay")
    if typed and not re.fullmatch(r"(?=.*\S)[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,200}", typed):
        raise ConfigurationError(
            _("%(name)s is not a name; use one line of up to 200 characters.", name=name)
        )
    name_of_shop = clean_line(typed)
    if is_invisible(name_of_shop):
        raise ConfigurationError(_("%(name)s has no letter that can be seen.", name=name))
    return name_of_shop


def locale(source: Source, name: str) -> str:
    """Return the locale that formats amounts and names countries."""
    value = source.get(name, "en_US")
    try:
        found = Locale.parse(value.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        found = None
    if found is None or found.language == "root":  # "root" is what locales have in common, and no language
        raise ConfigurationError(
            _("%(name)s is %(typed)s; use a locale such as en_US or de_DE.", name=name, typed=quote(value))
        )
    return str(found)


def languages(source: Source, name: str) -> str:
    """Return a list of different locales, such as "de_DE, ja_JP"; empty by default."""
    listed = [part.strip() for part in source.get(name, "").replace(";", ",").split(",") if part.strip()]
    found = [locale(Source({name: part}, Path(), ()), name) for part in listed]
    if len(set(found)) < len(found):
        raise ConfigurationError(
            _("%(name)s has a language twice. Name each once, such as de_DE, ja_JP.", name=name)
        )
    if len(found) > _MOST_LANGUAGES:
        raise ConfigurationError(
            _(
                "%(name)s has %(count)d languages; a shop may have %(most)d more.",
                name=name,
                count=len(found),
                most=_MOST_LANGUAGES,
            )
        )
    return ", ".join(found)


# Files of the database that differ from machine to machine.
_NO_ZONES = ("localtime", "posixrules", "Factory")


def timezone(source: Source, name: str) -> str:
    """Return the name of the shop's time zone in the IANA database; UTC by default."""
    value = source.get(name, "UTC")
    try:
        if value in _NO_ZONES:
            raise ValueError(value)
        # A machine may have no such database; UTC needs none.
        return value if value == "UTC" else ZoneInfo(value).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        meant = _find_zone(value)
        sentence = _(
            "%(name)s is %(typed)s; use the name of a time zone such as Europe/Berlin.",
            name=name,
            typed=quote(value),
        )
        hint = _("Did you mean %(names)s?", names=meant) if meant else ""
        raise ConfigurationError(f"{sentence} {hint}".strip()) from error


def _find_zone(text: str) -> str:
    """Return the time zones that a text probably means: those below it, else by its whole name, else by its city."""
    zones = available_timezones()
    if below := sorted(zone for zone in zones if zone.lower().startswith(f"{text.strip().lower()}/")):
        return f"{', '.join(below[:-1])} or {below[-1]}" if len(below) > 1 else below[0]
    if near := difflib.get_close_matches(text, zones, n=1):
        return near[0]
    by_city = {zone.rpartition("/")[2]: zone for zone in sorted(zones, reverse=True)}
    near = difflib.get_close_matches(text.rpartition("/")[2].title(), by_city, n=1)
    return by_city[near[0]] if near else ""


def limits(source: Source, name: str) -> bool:
    """Return whether rate limits are on; production refuses `off`."""
    if (on := bool(switch(default=True)(source, name))) or not source.production:
        return on
    raise ConfigurationError(
        f"{name} is off, which is for measuring only and not allowed in production. Unset it."
    )


def rates(source: Source) -> dict[str, str]:
    """Return the changed rate limits by variable name. The rate limiter checks whether the policies exist."""
    return {
        name: rate
        for name, rate in source.environ.items()
        if name.startswith("STOREFRONT_LIMIT_") and rate and name not in source.known
    }


def ttls(source: Source, *names: str) -> dict[str, int]:
    """Return the changed lifetimes in seconds, by kind of cache entry."""
    read = integer(0, least=1, most=86400)
    return {name.removeprefix(TTL).lower(): read(source, name) for name in names if source.get(name)}


def mail_from(source: Source, name: str, hosts: str) -> str:
    """Return the sender's address of the shop's mail."""
    first = next(iter(words(source, hosts)), "localhost").lstrip(".").partition(":")[0]
    typed = source.get(name, f"shop@{first}")
    address = exact_email(typed) or typed  # a mail server of its own may have a name without a dot: localhost
    if not _ADDRESS.fullmatch(address):
        raise _wrong_email(name, address)
    return address


def optional_email(source: Source, name: str) -> str:
    """Return an e-mail address as mail is sent to it, with its domain in ASCII, or nothing if it is not set."""
    typed = source.get(name)
    address = exact_email(typed)
    if typed and not address:
        raise _wrong_email(name, typed)
    return address


def _wrong_email(name: str, typed: str) -> ConfigurationError:
    return ConfigurationError(
        _(
            "%(name)s is %(typed)s; give the bare address, as shop@shop.example.",
            name=name,
            typed=quote(typed),
        )
    )


@dataclass(frozen=True, slots=True)
class CheckoutFile:
    """The content of checkout.toml. It is never an error: a wrong file closes the checkout, not the shop.

    Attributes:
        path: where the file is, or would be.
        table: its values, which the checkout validates; None if there is no file, or it cannot be read.
        problem: a sentence if a file cannot be read; else empty.
    """

    path: str = field(repr=False)  # the representation is part of the pages' keys, also on other hosts
    table: Mapping[str, Any] | None
    problem: str = ""


def checkout(source: Source, name: str) -> CheckoutFile:
    """Return the content of checkout.toml: delivery methods, taxes, invoice."""
    named = source.get(name)
    file = Path(named) if named else source.instance / "checkout.toml"
    return read_checkout_file(file) if named or file.exists() else CheckoutFile(str(file), None)


def read_checkout_file(file: Path) -> CheckoutFile:
    """Return the content of this file; it never raises."""
    try:
        # Some editors begin with a byte order mark.
        terms = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        problem = f"{file} cannot be read: {error.strerror}."
    except ValueError as error:
        problem = f"{file} cannot be read as TOML: {error}. docs/checkout.md shows an example."
    else:
        unknown = sorted(set(terms) - {"delivery", "tax", "prices_include_tax", "invoice"})
        if not unknown:
            return CheckoutFile(str(file), terms)
        problem = f"{file} contains {unknown[0]!r}, which is not a known section. docs/checkout.md shows an example."
    return CheckoutFile(str(file), None, problem)
