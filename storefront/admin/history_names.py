"""What the history calls a changed row: rows of settings, menus and letters have a name that only machines read."""

from __future__ import annotations

from storefront.admin import menu_view, setting_parts
from storefront.history import RecordedChange
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
        return f"{kind.label} {language}".rstrip() if kind else name
    return name
