"""Checks of settings that are valid but unwise."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from storefront import shop_settings
from storefront.checkout.terms import current_terms
from storefront.country_codes import split_codes
from storefront.mail import transport
from storefront.ops.doctor.finding import Finding, ok, warn, wrong
from storefront.shop_settings.stored_settings import describe_settings
from storefront.web.theme import current_theme

_FEWEST_CHARACTERS = 10  # different characters in a secret key; a random key of 32 has more


def check() -> Iterator[Finding]:
    """Check the environment, the terms of sale, what the merchant has set, and whether the mail server answers."""
    yield from (_environment(), _secret(), _hosts(), _mail())
    yield from _checkout()
    yield _cache()
    yield from _theme()
    yield from _shop_settings()


def _in_production() -> bool:
    return bool(current_app.config["ENV"] == "production")


def _environment() -> Finding:
    if _in_production():
        return ok("environment", "production.")
    return warn(
        "environment",
        f"{current_app.config['ENV']}: suitable for a laptop only. For a public shop set STOREFRONT_ENV=production.",
    )


def _secret() -> Finding:
    key = current_app.config["SECRET_KEY"]
    if _in_production() and len(set(key)) < _FEWEST_CHARACTERS:
        return wrong(
            "secret",
            "SECRET_KEY can be guessed: it has too few different characters. "
            "Make one with: python -c 'import secrets; print(secrets.token_hex(32))'",
        )
    return ok("secret", "SECRET_KEY is set." if _in_production() else "Made for this installation.")


def _hosts() -> Finding:
    hosts = current_app.config["TRUSTED_HOSTS"]
    if not hosts:
        return ok("hosts", "TRUSTED_HOSTS is not set: outside production the shop answers to localhost only.")
    if _in_production() and hosts[0].startswith(("localhost", "127.")):
        return warn(
            "hosts",
            f"TRUSTED_HOSTS begins with {hosts[0]}, which shoppers do not use. Put the public name first.",
        )
    return ok("hosts", f"The shop answers to {', '.join(hosts)}.")


def _mail() -> Finding:
    url = current_app.config["SMTP_URL"]
    if url is None:
        sentence = "STOREFRONT_SMTP_URL is not set: "
        if _in_production():
            return wrong("mail", f"{sentence}nobody can register or reset a password. Name a server.")
        return ok("mail", f"{sentence}outside production mail is shown on the page.")
    try:
        transport.check_login(url)
    except (OSError, smtplib.SMTPException) as error:
        return wrong(
            "mail",
            f"The server of STOREFRONT_SMTP_URL refuses the login: {error} Check host, port and password.",
        )
    return ok(
        "mail", f"The SMTP server accepts the login; mail is sent as {current_app.config['MAIL_FROM']}."
    )


def _checkout() -> Iterator[Finding]:
    terms, file = current_terms(), current_app.config["CHECKOUT"]
    for problem in terms.problems:
        advice = " Then restart the shop." if terms.origins[problem.part] == "file" else ""
        yield wrong("checkout", f"The checkout is closed: {problem}{advice}")
    if terms.is_file_unread(file):
        yield warn(
            "checkout file",
            f"{file.path} is no longer read: the terms of sale are in the shop's settings. Remove the file.",
        )
    if terms.problems:
        return
    served = split_codes(shop_settings.current().served_countries)
    if uncovered := [code for code in served if not terms.covers(code)]:
        yield warn(
            "countries",
            f"No delivery method covers {', '.join(uncovered)}, which the shop serves: nothing can be sent there. "
            "Add a method in the back office, or take these out of the setting served_countries.",
        )
    if demo := terms.parts_from("demo"):
        yield warn(
            "checkout",
            f"These terms of sale are the demo's: {', '.join(demo)}. Before shoppers come, enter your own "
            "in the back office, under Settings.",
        )
    else:
        yield ok("checkout", f"It is open: {terms.summary}")


def _cache() -> Finding:
    if current_app.config["CACHE"]:
        return ok("cache", "on.")
    return warn("cache", "STOREFRONT_CACHE is off: every page is built from the database. Unset it.")


def _theme() -> Iterator[Finding]:
    theme = current_theme(current_app)
    for problem in theme.problems:
        yield wrong("theme", f"{problem} Then restart the shop.")
    if theme.folder.is_dir() and not theme.problems:
        yield ok("theme", f"The files in {theme.folder} are laid over the shop's own.")


def _shop_settings() -> Iterator[Finding]:
    try:
        rows = describe_settings()
    except SQLAlchemyError:
        return  # the check of the database says why
    problems = [
        f"The stored value of {row.name} is not used: {row.problem} To change it: flask settings set {row.name} VALUE"
        for row in rows
        if row.problem
    ]
    given = [row.name for row in rows if row.origin == "environment"]
    fine = f"Set by the environment: {', '.join(given)}." if given else "None is set by the environment."
    yield warn("shop settings", " ".join(problems)) if problems else ok("shop settings", fine)
