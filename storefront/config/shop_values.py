"""Readers of the merchant's settings: lines of an address, a country, a link, a moment."""

from __future__ import annotations

import re
from datetime import datetime

from flask import has_app_context

from storefront.config.accent import LEAST_CONTRAST, Scheme, least_contrast, nearest_readable, parse_hex
from storefront.config.reader import Reader, Source
from storefront.country_codes import check_country, find_country, read_countries
from storefront.errors import ConfigurationError
from storefront.i18n import format_number, quote
from storefront.i18n import gettext as _
from storefront.link_syntax import describe_links, is_link
from storefront.unicode_text import ascii_digits, clean_line, clean_lines, is_invisible, normalize

MOST = 300  # characters of one line
MOST_OF_TEXT = 2000
_PHONE = re.compile(r"\+?[0-9(][0-9 ()/.–-]{2,38}(?: ?(?:ext\.?|x) ?[0-9]{1,6})?")
_HYPHENS = re.compile("[‐‑‒−]")
_PICTURE = re.compile(r"[0-9a-f]{32} [1-9][0-9]{0,4}x[1-9][0-9]{0,4}")


class HardToReadError(ConfigurationError):
    """An accent colour has too little contrast; `nearest` is the colour like it that can be read, as #rrggbb."""

    def __init__(self, text: str, nearest: str) -> None:
        super().__init__(text)
        self.nearest = nearest


def one_line(source: Source, name: str) -> str:
    """Return one line of text, without characters that nobody sees; empty if it is not set."""
    line = clean_line(source.get(name))
    return _visible(name, line, MOST)


def lines(source: Source, name: str) -> str:
    """Return a text of several lines; empty if it is not set."""
    return _visible(name, clean_lines(source.get(name)), MOST_OF_TEXT)


def country(source: Source, name: str) -> str:
    """Return the code of a country (ISO 3166-1 alpha-2); empty if it is not set."""
    typed = source.get(name).strip()
    try:
        return check_country(find_country(typed)) if typed else ""
    except ValueError as error:
        raise ConfigurationError(_explain(name, str(error))) from error


def countries(source: Source, name: str) -> str:
    """Return the codes of countries, such as "AT, DE"; empty if it is not set."""
    try:
        return ", ".join(read_countries(source.get(name)))
    except ValueError as error:
        raise ConfigurationError(_explain(name, str(error))) from error


def phone(source: Source, name: str) -> str:
    """Return a telephone number as people write it; empty if it is not set."""
    typed = _HYPHENS.sub("-", ascii_digits(normalize("NFKC", clean_line(source.get(name)))))
    if typed and not _PHONE.fullmatch(typed):
        raise ConfigurationError(
            _(
                "%(name)s is %(typed)s; write it with its country, such as +1 201 555 0123.",
                name=name,
                typed=quote(typed),
            )
        )
    return typed


def link(source: Source, name: str) -> str:
    """Return a path of the shop or a web address; empty if it is not set."""
    typed = source.get(name).strip()
    if typed and not is_link(typed):
        raise ConfigurationError(_explain(name, describe_links()))
    return _visible(name, typed, MOST)


def accent(scheme: Scheme) -> Reader:
    """Return a reader of a colour that is readable as text in this scheme, as #rrggbb; empty if it is not set."""

    def read(source: Source, name: str) -> str:
        typed = source.get(name).strip()
        color = parse_hex(typed)
        if typed and color is None:
            raise ConfigurationError(
                _("%(name)s is %(typed)s; write a colour as #0b5d4e.", name=name, typed=quote(typed))
            )
        if color and (found := least_contrast(color, scheme)) < LEAST_CONTRAST:
            nearest = nearest_readable(color, scheme)
            raise HardToReadError(
                _(
                    "%(name)s: %(color)s is hard to read, with a contrast of %(found)s where %(least)s is needed. "
                    "The nearest colour that can be read is %(nearest)s.",
                    name=name,
                    color=color,
                    found=_number(round(found, 1)),
                    least=_number(LEAST_CONTRAST),
                    nearest=nearest,
                ),
                nearest,
            )
        return color or ""

    return read


def picture(source: Source, name: str) -> str:
    """Return the name of a stored picture, digest and size; empty if it is not set."""
    typed = source.get(name).strip()
    if typed and not _PICTURE.fullmatch(typed):
        raise ConfigurationError(
            _("%(name)s is no name of a picture. Send the picture at the settings.", name=name)
        )
    return typed


def minute(source: Source, name: str) -> str:
    """Return a moment to the minute, without a time zone, as 2026-12-24T18:00; empty if it is not set."""
    typed = source.get(name).strip()
    if not typed:
        return ""
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None or not 2000 <= moment.year <= 9000:
        raise ConfigurationError(
            _(
                "%(name)s is %(typed)s; write day and time in the shop’s time zone as 2026-12-24T18:00.",
                name=name,
                typed=quote(typed),
            )
        )
    return moment.strftime("%Y-%m-%dT%H:%M")


def _visible(name: str, text: str, most: int) -> str:
    """Return a text of at most so many characters; empty if nobody would see it."""
    if len(text) > most:
        raise ConfigurationError(
            _(
                "%(name)s has %(count)d characters; the most is %(most)d.",
                name=name,
                count=len(text),
                most=most,
            )
        )
    return "" if is_invisible(text) else text


def _explain(name: str, sentence: str) -> str:
    return _("%(subject)s: %(reason)s", subject=name, reason=sentence)


def _number(value: float) -> str:
    """Return a number as the shop writes it; settings are read before there is a shop, too."""
    return format_number(value) if has_app_context() else f"{value:g}"
