"""The kinds of texts that can be translated: where their sources are. Each room registers those that it owns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from flask import Flask, current_app
from sqlalchemy.orm import Session

from storefront.app_state import AppState


@dataclass(frozen=True, slots=True)
class SourceField:
    """A text of a kind.

    Attributes:
        name: of the field, in the table and in files.
        label: what people call it.
        most: characters.
        is_html: whether it is formatted text.
        is_long: whether it has a field of several lines.
    """

    name: str
    label: str
    most: int = 500
    is_html: bool = False
    is_long: bool = False


@dataclass(frozen=True, slots=True)
class SourceTexts:
    """The texts of one owner in the shop's own language.

    Attributes:
        owner_id: of the owner; 0 for a kind without owners.
        key: how people and files name the owner: the end of its address.
        title: what pages call it.
        texts: by field; fields without a text may be missing.
        labels: of fields that have another one than the field of the kind, by field.
    """

    owner_id: int
    key: str
    title: str
    texts: Mapping[str, str]
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SourceKind:
    """A kind of texts.

    Attributes:
        name: of the kind, such as "product".
        label: what people call owners of this kind, in the plural.
        fields: its fields; None if each owner has fields of its own, such as option words.
        read: yields the owners in the order of their ids, or only those with these ids.
        clean: returns a translation as it is stored; formatted text without what pages do not allow.
        field_of: returns the field with a name, or None, if each owner has fields of its own; by default any text is
            the name of a field.
        has_owners: whether its texts belong to owners with ids of their own; else there is one owner, with the id 0.
        area: whose permission changing it takes: "content", or "settings" for what customers rely on.
    """

    name: str
    label: str
    fields: Sequence[SourceField] | None
    read: Callable[[Session, Sequence[int] | None], Iterator[SourceTexts]]
    clean: Callable[[str, str], str] = lambda _field, text: text
    field_of: Callable[[str], SourceField | None] = lambda name: SourceField(name, name)
    has_owners: bool = True
    area: Literal["content", "settings"] = "content"

    def find_field(self, name: str) -> SourceField | None:
        """Return the field with this name; None if the kind has no such field."""
        if self.fields is None:
            return self.field_of(name)
        return next((each for each in self.fields if each.name == name), None)


_kinds = AppState[dict[str, SourceKind]]("text_translations.kinds")


def register_kind(app: Flask, kind: SourceKind) -> None:
    """Offer texts of a kind for translation."""
    _kinds.setdefault(app, {})[kind.name] = kind


def list_kinds() -> list[SourceKind]:
    """Return all kinds, in the order in which rooms registered them."""
    return list((_kinds.find(current_app) or {}).values())


def find_kind(name: str) -> SourceKind | None:
    """Return the kind with this name."""
    return (_kinds.find(current_app) or {}).get(name)
