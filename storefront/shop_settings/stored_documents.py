"""Stores the merchant's documents: settings with many parts, such as the delivery methods, each one as JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.extensions import db, write_transaction
from storefront.shop_settings.current_settings import forget_memo
from storefront.shop_settings.models import ShopDocument
from storefront.shop_settings.stored_settings import SettingsChangedError


def as_text(value: Mapping[str, Any]) -> str:
    """Return a document as it is stored. Equal documents are equal texts, but for the order of their parts."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def version_of(text: str) -> str:
    """Return the short text by which a form says which version of a document its author saw."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_documents(session: Session | None = None) -> dict[str, str]:
    """Return the texts of all documents that are stored, read from the database."""
    rows = (session or db.session()).execute(
        select(ShopDocument.name, ShopDocument.value).where(ShopDocument.value != "")
    )
    return {row.name: row.value for row in rows}


def change_document(name: str, text: str, *, seen: str) -> None:
    """Store a new text of a document; pages show it at once.

    Args:
        name: of the document.
        text: the new text.
        seen: the version that the author of the change saw (`version_of`).

    Raises:
        SettingsChangedError: somebody else has changed it to something else.
    """
    _store({name: text}, seen)


def add_documents(texts: Mapping[str, str]) -> Collection[str]:
    """Store those documents that were never stored, all or none; return their names."""
    return _store(texts, None)


def _store(texts: Mapping[str, str], seen: str | None) -> Collection[str]:
    try:
        changed = _write(texts, seen)
    except IntegrityError:  # somebody else has just added a row
        changed = _write(texts, seen)
    forget_memo()
    return changed


def _write(texts: Mapping[str, str], seen: str | None) -> Collection[str]:
    changed = []
    with write_transaction() as session:
        for name, text in texts.items():
            row = _lock(session, name)
            if seen is None and row.value:
                continue
            if seen is not None and seen != version_of(row.value) and row.value != text:
                raise SettingsChangedError([name])
            row.value = text
            changed.append(name)
    return changed


def _lock(session: Session, name: str) -> ShopDocument:
    """Return the row of a document, locked. The history records each change of its value, the first one too."""
    if session.get(ShopDocument, name, with_for_update=True) is None:
        session.execute(insert(ShopDocument).values(name=name, value=""))
    return session.get_one(ShopDocument, name, with_for_update=True)
