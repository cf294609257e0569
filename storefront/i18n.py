"""Texts for people, ready to be translated: gettext by Flask-Babel, with types.

Use it as `from storefront.i18n import gettext as _`; the name `_` marks a text for extraction (docs/architecture.md).
Values go in by name, so that a translation can move them: `_("Only %(count)d left", count=3)`.

A page is in the language of its address (`storefront/languages.py`), else of the shop's locale, which the
merchant may change while the shop runs: a room above says which one it is (`set_readers`). Flask-Babel's own look-up
takes 38 µs a text, which a page with a hundred texts would feel; a shop without translations asks for no locale.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale, units
from babel.support import NullTranslations, Translations
from flask import Flask, current_app, has_app_context
from flask_babel.speaklater import LazyString
from markupsafe import Markup

from storefront import languages
from storefront.app_state import AppState
from storefront.extensions import babel

DEFAULT_LOCALE = "en_US"
# Letters of Hebrew, Arabic and the other scripts that run from right to left, and the signs that begin such a text.
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\u200f\u202b\u202e\u2067\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)

Reader = Callable[[], str]
_locale_reader = AppState[Reader]("locale_reader")
_zone_reader = AppState[Reader]("zone_reader")


class _Texts:
    """The translations of one locale, and the functions by which templates use them."""

    def __init__(self, translations: NullTranslations) -> None:
        self.translations = translations
        # Templates hold constant texts only, so these are few. The values are escaped, the texts are markup.
        self._known: dict[str, Markup] = {}

    def translate(self, text: str, **values: object) -> Markup:
        """Return a text of a template."""
        found = self._known.get(text)
        if found is None:
            translated = self.translations.gettext(text)
            found = self._known[text] = Markup(translated)  # noqa: S704  # nosec B704  # our own text
        return found % values if values else found

    def translate_number(self, singular: str, plural: str, count: int, **values: object) -> Markup:
        """Return the singular or the plural text of a template."""
        translated = self.translations.ngettext(singular, plural, count)
        found = Markup(translated)  # noqa: S704  # nosec B704  # our own text
        return found % {"num": count, **values}


@dataclass(slots=True)
class _Translations:
    """An application's translations.

    Attributes:
        by_locale: those that are loaded.
        only: those of every locale; None if they differ.
    """

    by_locale: dict[str, _Texts] = field(default_factory=dict)
    only: _Texts | None = None


_translations = AppState[_Translations]("translations")


def init_app(app: Flask) -> None:
    """Prepare the translations, and give templates `_` and `ngettext`."""
    babel.init_app(app, default_locale=DEFAULT_LOCALE, locale_selector=shop_locale)
    folders = app.extensions["babel"].translation_directories
    exist = any(Path(folder).is_dir() for folder in folders)
    _translations.set(app, _Translations(only=None if exist else _Texts(NullTranslations())))

    def translate(text: str, **values: object) -> Markup:
        return _find_texts(app).translate(text, **values)

    def translate_number(singular: str, plural: str, count: int, **values: object) -> Markup:
        return _find_texts(app).translate_number(singular, plural, count, **values)

    app.jinja_env.globals.update(_=translate, gettext=translate, ngettext=translate_number)
    app.add_template_filter(isolate, "bdi")
    app.add_template_filter(format_number, "number")
    app.add_template_filter(format_percent, "percent")
    app.add_template_filter(format_size, "file_size")
    app.jinja_env.globals.update(shop_language=shop_language, text_direction=text_direction)


def set_readers(app: Flask, *, locale: Reader, timezone: Reader) -> None:
    """Register the functions that return the present locale and time zone, in an application context."""
    _locale_reader.set(app, locale)
    _zone_reader.set(app, timezone)


def shop_locale() -> str:
    """Return the locale of the present language, such as "de_DE". Needs an application context."""
    return _read_locale(current_app)


def own_locale() -> str:
    """Return the shop's own locale, whatever the present language is. Needs an application context."""
    return _read_own_locale(current_app)


def _read_locale(app: Flask) -> str:
    return languages.current_locale() or _read_own_locale(app)


def _read_own_locale(app: Flask) -> str:
    read = _locale_reader.find(app)
    return read() if read else DEFAULT_LOCALE


def shop_zone() -> tzinfo:
    """Return the shop's time zone. Needs an application context."""
    read = _zone_reader.find(current_app)
    name = read() if read else "UTC"
    return UTC if name == "UTC" else ZoneInfo(name)


def shop_language() -> str:
    """Return the tag of the shop's language for `<html lang>` (BCP 47), such as "de-DE"."""
    return shop_locale().replace("_", "-")


def text_direction() -> str:
    """Return the direction in which the shop's language is written, for `<html dir>`: "ltr" or "rtl"."""
    return str(Locale.parse(shop_locale()).text_direction)


def set_translations(app: Flask, translations: NullTranslations) -> None:
    """Use these translations for all texts of the application, in Python and in templates, whatever its locale."""
    _translations.get(app).only = _Texts(translations)


def isolate(value: object) -> Markup:
    """Return a value for a sentence of a page, isolated from it: a price or a name may run in the other direction.

    Not for attributes and titles, which have no elements.
    """
    return Markup("<bdi>{}</bdi>").format(value)


def format_number(number: float) -> str:
    """Return a number as the shop's locale writes it: "1,234", or "1.234" in de_DE."""
    return _format(Decimal(str(number)), "decimal", shop_locale())


def format_percent(percent: str) -> str:
    """Return a percentage, given as "7.25", as the shop's locale writes it: "7.25%", or "7,25 %" in de_DE."""
    return _format(Decimal(percent) / 100, "percent", shop_locale())


def format_size(size: float) -> str:
    """Return a number of bytes as the shop's locale writes it: "3.2 MB", or "3,2 MB" in de_DE."""
    steps = ((1e9, "gigabyte"), (1e6, "megabyte"), (1e3, "kilobyte"), (1, "byte"))
    factor, unit = next((step for step in steps if size >= step[0]), steps[-1])
    length: Literal["long", "short"] = "long" if unit == "byte" else "short"  # the short form has no plural
    return str(units.format_unit(size / factor, f"digital-{unit}", length, "#,##0.#", locale=shop_locale()))


@lru_cache(maxsize=4096)
def _format(number: Decimal, kind: Literal["decimal", "percent"], locale: str) -> str:
    pattern = copy(getattr(Locale.parse(locale), f"{kind}_formats")[None])
    pattern.frac_prec = (0, 3)
    return str(pattern.apply(number, locale))


def gettext(text: str, **values: object) -> str:
    """Return the text in the language of the shop, with the values put in by name (`%(name)s`).

    Values that may run in the other direction are isolated (`isolate_text`).
    """
    translated = _look_up().gettext(text)
    return translated % _isolate_values(values) if values else translated


def ngettext(singular: str, plural: str, count: int, **values: object) -> str:
    """Return the singular or the plural text for this count, which is available as `%(num)d`."""
    return _look_up().ngettext(singular, plural, count) % {"num": count, **_isolate_values(values)}


def isolate_text(text: str) -> str:
    """Return a value for a sentence without elements, isolated if it may run in another direction than the sentence.

    FSI before and PDI behind it (UAX #9, 2.4.2) keep the order of the words around it.
    """
    is_other = not text.isascii() and _RIGHT_TO_LEFT.search(text)
    if not is_other and (not has_app_context() or text_direction() == "ltr"):
        return text
    return f"\u2068{text}\u2069"


def remove_isolates(text: str) -> str:
    """Return a sentence without the signs of `isolate_text`, for subjects of mails and names of files."""
    return text.replace("\u2068", "").replace("\u2069", "")


def _isolate_values(values: dict[str, object]) -> dict[str, object]:
    return {
        name: isolate_text(value) if type(value) is str else value  # Markup has its own elements
        for name, value in values.items()
    }


def quote(text: str) -> str:
    """Return a text in the quotation marks of the language ('x', „x“, 「x」), control characters as escapes."""
    return gettext("'%(typed)s'", typed=repr(text)[1:-1])


def lazy_gettext(text: str, **values: object) -> str:
    """Return a text that is looked up when it is shown: for constants made before any request.

    It behaves as a string in templates, in `str()` and in f-strings; call `str()` on it before it is encoded.
    """
    lazy: str = LazyString(gettext, text, **values)
    return lazy


def mark_text(text: str) -> str:
    """Mark a text for the translations (`make texts`) that is looked up elsewhere; imported as `_`."""
    return text


def _look_up() -> NullTranslations:
    if not has_app_context():
        return _UNTRANSLATED
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # each use of the proxy costs 1 µs
    # Another Flask app that uses single rooms has no translations.
    return _find_texts(app).translations if _translations.find(app) is not None else _UNTRANSLATED


def _find_texts(app: Flask) -> _Texts:
    known = _translations.get(app)
    if known.only is not None:
        return known.only
    locale = _read_locale(app)
    texts = known.by_locale.get(locale)
    if texts is None:
        folders = app.extensions["babel"].translation_directories
        loaded = NullTranslations()
        for folder in folders:
            loaded = Translations.load(folder, [locale, locale.partition("_")[0]])
            if isinstance(loaded, Translations):
                break
        texts = known.by_locale[locale] = _Texts(loaded)
    return texts


_UNTRANSLATED = NullTranslations()
