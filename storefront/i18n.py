"""Texts for people, ready to be translated: gettext by Flask-Babel, with types.

Use it as `from storefront.i18n import gettext as _`; the name `_` marks a text for extraction (docs/architecture.md).
Values go in by name, so that a translation can move them: `_("Only %(count)d left", count=3)`.
"""

from __future__ import annotations

import flask_babel


def gettext(text: str, **values: object) -> str:
    """Return the text in the language of the shop, with the values put in by name (`%(name)s`)."""
    return str(flask_babel.gettext(text, **values))


def ngettext(singular: str, plural: str, count: int, **values: object) -> str:
    """Return the singular or the plural text for this count, which is available as `%(num)d`."""
    return str(flask_babel.ngettext(singular, plural, count, **values))


def lazy_gettext(text: str, **values: object) -> str:
    """Return a text that is looked up when it is shown: for constants made before any request.

    It behaves as a string in templates, in `str()` and in f-strings; call `str()` on it before it is encoded.
    """
    lazy: str = flask_babel.lazy_gettext(text, **values)
    return lazy
