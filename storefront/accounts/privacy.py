"""What somebody may take along, and going for good. Other rooms say what they keep of a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, current_app
from sqlalchemy.orm import Session

from storefront import cache, mail
from storefront.accounts import messages, queries
from storefront.accounts.models import User
from storefront.cache import keys
from storefront.extensions import write_transaction

_DELETED, _EXPORTED = "accounts_deleted", "accounts_exported"

Deleted = Callable[[Session, int], None]
Exported = Callable[[int], Any]


def on_deletion(app: Flask, also: Deleted) -> None:
    """Have `also` called with the session and the id of an account that is being deleted, in its transaction."""
    app.extensions.setdefault(_DELETED, []).append(also)


def on_export(app: Flask, name: str, part: Exported) -> None:
    """Add to what a person can take along: `part` is given the id of the account and returns what JSON can hold."""
    app.extensions.setdefault(_EXPORTED, {})[name] = part


def export(user: User) -> dict[str, Any]:
    """Return all that the shop keeps of a person."""
    parts: Mapping[str, Exported] = current_app.extensions.get(_EXPORTED, {})
    return queries.export(user) | {name: part(user.id) for name, part in parts.items()}


def delete(user_id: int) -> None:
    """Delete an account and all that the rooms keep of it."""
    with write_transaction() as session:
        user = session.get(User, user_id)
        if user is None:
            return
        also: Deleted
        for also in current_app.extensions.get(_DELETED, ()):
            also(session, user_id)
        mail.enqueue_if_configured(session, user.email, messages.closed())
        cache.invalidate_on_commit(session, keys.user_tag(user_id), hard=True)
        session.delete(user)
