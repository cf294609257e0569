"""What staff do to translations: save those of one owner, so that two people at once never overwrite each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from storefront.app_state import Hook
from storefront.errors import StorefrontError
from storefront.i18n import gettext as _
from storefront.text_translations.models import OWNER_COLUMNS, TextTranslation, digest_source
from storefront.text_translations.sources import SourceKind, SourceTexts

texts_changed = Hook[[Session, str, int], None]("text_translations.changed")
"""Fires with the kind and the id of an owner in the transaction that changes its translations."""


class TranslationsChangedError(StorefrontError):
    """Somebody else has changed a translation since the form of it was made.

    Attributes:
        fields: of the translations.
    """

    status = 409

    def __init__(self, fields: list[str]) -> None:
        super().__init__(
            _("Somebody else has changed this meanwhile. Nothing was saved: compare, then save again.")
        )
        self.fields = fields


@dataclass(frozen=True, slots=True)
class TranslatedText:
    """A translation as it is stored; `is_outdated`: the text that it was made from has changed since."""

    text: str
    is_outdated: bool


@dataclass(frozen=True, slots=True)
class NewText:
    """A translation as somebody wants it.

    Attributes:
        text: the new one; empty to remove the translation.
        seen: the one that its author saw.
        source: the text that it was made from; None: the present one.
    """

    text: str
    seen: str
    source: str | None = None


def read_texts(session: Session, kind: str, owner: SourceTexts, locale: str) -> dict[str, TranslatedText]:
    """Return the translations of an owner by field."""
    rows = session.execute(_of_owner(kind, owner.owner_id, locale)).scalars()
    return {row.field: TranslatedText(row.text, _is_outdated(row, owner)) for row in rows}


def save_texts(
    session: Session, kind: SourceKind, owner: SourceTexts, locale: str, wanted: Mapping[str, NewText]
) -> int:
    """Save translations of an owner, all or none; return how many were changed.

    A text that is saved as it was counts as checked against the present source.

    Raises:
        TranslationsChangedError: somebody else has changed one of them to something else.
    """
    query = _of_owner(kind.name, owner.owner_id, locale).with_for_update()
    rows = {row.field: row for row in session.execute(query).scalars()}
    now = {name: rows[name].text if name in rows else "" for name in wanted}
    others = [name for name, new in wanted.items() if now[name] not in (new.seen, new.text)]
    if others:
        raise TranslationsChangedError(others)
    changed = 0
    for name, new in wanted.items():
        text = kind.clean(name, new.text)
        source = owner.texts.get(name, "") if new.source is None else new.source
        changed += _write(session, rows.get(name), kind.name, owner.owner_id, locale, (name, text, source))
    session.flush()
    if changed:
        texts_changed.fire(session, kind.name, owner.owner_id)
    return changed


def _write(
    session: Session,
    row: TextTranslation | None,
    kind: str,
    owner_id: int,
    locale: str,
    new: tuple[str, str, str],
) -> bool:
    """Write one translation (field, text, source); return whether that changed something."""
    name, text, source = new
    digest = digest_source(source)
    if row is None and text:
        owner = {OWNER_COLUMNS[kind]: owner_id} if kind in OWNER_COLUMNS else {}
        session.add(
            TextTranslation(
                kind=kind,
                owner_id=owner_id,
                field=name,
                locale=locale,
                text=text,
                source_digest=digest,
                **owner,
            )
        )
        return True
    if row is not None and not text:
        session.delete(row)
        return True
    if row is None or (row.text, row.source_digest) == (text, digest):
        return False
    row.text, row.source_digest = text, digest
    return True


def _of_owner(kind: str, owner_id: int, locale: str) -> Select[TextTranslation]:
    return select(TextTranslation).where(
        TextTranslation.kind == kind, TextTranslation.owner_id == owner_id, TextTranslation.locale == locale
    )


def _is_outdated(row: TextTranslation, owner: SourceTexts) -> bool:
    return row.source_digest != digest_source(owner.texts.get(row.field, ""))
