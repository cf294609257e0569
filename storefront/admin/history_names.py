"""What the history calls a changed row: rows of settings, menus and letters have a name that only machines read."""

from __future__ import annotations

from collections.abc import Sequence

from babel import UnknownLocaleError

from storefront import languages
from storefront.admin import menu_view, setting_parts
from storefront.history import RecordedChange
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext
from storefront.mail.letter_kinds import find_letter_kind

_PICTURES = {"logo": lazy_gettext("Logo"), "icon": lazy_gettext("Icon")}


def name_row(change: RecordedChange) -> str:
    """Return the name of the row in the language of the page; empty if the kind of the change says it all."""
    name = change.name or change.row_id
    if change.kind in ("front_page", "launch_state"):  # one row each
        return ""
    if change.kind == "shop_setting":
        field = setting_parts.FIELDS.get(name)
        return str(field.label if field else _PICTURES.get(name, name))
    if change.kind == "menu":
        return str(menu_view.TITLES.get(name, name))
    if change.kind == "letter_words":
        letter, _space, language = name.partition(" ")
        kind = find_letter_kind(letter)
        if kind is None:
            return name
        return _(
            "%(field)s, %(language)s", field=str(kind.label), language=_name_language(language.strip("()"))
        )
    return name


def name_choices(setting: str, lines: Sequence[tuple[str, str, str]]) -> Sequence[tuple[str, str, str]]:
    """Return label, old and new value of a setting with the texts of its choices, as its page shows them."""
    field = setting_parts.FIELDS.get(setting)
    choices = field.choices if field else {}
    return [(label, str(choices.get(old, old)), str(choices.get(new, new))) for label, old, new in lines]


def _name_language(tag: str) -> str:
    try:
        return languages.name_of(tag)
    except (UnknownLocaleError, ValueError):
        return tag
