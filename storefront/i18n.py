"""Texts for people, ready to be translated: gettext by Flask-Babel, with types.

Use it as `from storefront.i18n import gettext as _`; the name `_` marks a text for extraction (docs/architecture.md).
Values go in by name, so that a translation can move them: `_("Only %(count)d left", count=3)`.

All pages of a shop are in one language, its `STOREFRONT_LOCALE`. So the translations are looked up once for each
application: Flask-Babel's own look-up takes 38 µs a text, which would be felt in a page with a hundred texts.
"""

from __future__ import annotations

from datetime import datetime

import flask_babel
from babel.dates import format_date
from babel.support import NullTranslations
from flask import Flask, current_app, has_app_context
from flask_babel.speaklater import LazyString
from markupsafe import Markup

from storefront.app_state import AppState
from storefront.extensions import babel

_translations = AppState[NullTranslations]("translations")


def init_app(app: Flask) -> None:
    """Load the translations for the shop's language, and give templates `_` and `ngettext`."""
    babel.init_app(app, default_locale=app.config["LOCALE"])
    with app.app_context():
        set_translations(app, flask_babel.get_translations())


def set_translations(app: Flask, translations: NullTranslations) -> None:
    """Use these translations for all texts of the application, in Python and in templates."""
    _translations.set(app, translations)
    # Templates hold constant texts only, so these are few. The values are escaped, the texts are markup.
    known: dict[str, Markup] = {}

    def translate(text: str, **values: object) -> Markup:
        found = known.get(text)
        if found is None:
            translated = translations.gettext(text)
            found = known[text] = Markup(translated)  # noqa: S704  # nosec B704  # our own text
        return found % values if values else found

    def translate_number(singular: str, plural: str, count: int, **values: object) -> Markup:
        translated = translations.ngettext(singular, plural, count)
        found = Markup(translated)  # noqa: S704  # nosec B704  # our own text
        return found % {"num": count, **values}

    app.jinja_env.globals.update(_=translate, gettext=translate, ngettext=translate_number)


def gettext(text: str, **values: object) -> str:
    """Return the text in the language of the shop, with the values put in by name (`%(name)s`)."""
    translated = _look_up().gettext(text)
    return translated % values if values else translated


def ngettext(singular: str, plural: str, count: int, **values: object) -> str:
    """Return the singular or the plural text for this count, which is available as `%(num)d`."""
    return _look_up().ngettext(singular, plural, count) % {"num": count, **values}


def format_day(moment: datetime) -> str:
    """Return a date in the format of the shop's locale."""
    return str(format_date(moment.date(), "medium", locale=current_app.config["LOCALE"]))


def lazy_gettext(text: str, **values: object) -> str:
    """Return a text that is looked up when it is shown: for constants made before any request.

    It behaves as a string in templates, in `str()` and in f-strings; call `str()` on it before it is encoded.
    """
    lazy: str = LazyString(gettext, text, **values)
    return lazy


def _look_up() -> NullTranslations:
    return _translations.get(current_app) if has_app_context() else _UNTRANSLATED


_UNTRANSLATED = NullTranslations()
