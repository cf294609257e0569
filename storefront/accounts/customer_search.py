"""Finds accounts for staff by name and e-mail. Each way reads the beginning of an index, however many match."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, event, insert, inspect, select, union
from sqlalchemy.orm import Session, aliased

from storefront.accounts.models import AccountNameWord, User
from storefront.extensions import connection_of, db
from storefront.mail.email_address import normalize_email
from storefront.postal.name_words import LONGEST_WORD, fold_name, split_name, words_of

PER_PAGE = 50
MAX_TEXT = 254  # characters; the longest e-mail address
_LAST = "\U0010ffff"  # greater than every character of a name
_MOST_WORDS = 6  # of a name that are looked for
_WORDS_OF_ONE = 4  # of one name that begin with the same letters


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Accounts of a list.

    Attributes:
        users: at most PER_PAGE.
        has_more: whether there are others.
    """

    users: Sequence[User]
    has_more: bool


def list_newest(before: int | None = None) -> AccountPage:
    """Return a page of all accounts, newest first.

    Args:
        before: the id of the last account of the page before.
    """
    query = select(User).order_by(User.id.desc())
    return _page(query.where(User.id < before) if before is not None else query)


def search(text: str) -> AccountPage:
    """Return the accounts whose e-mail, or words of whose name, begin with a text, by e-mail."""
    text = text.strip()[:MAX_TEXT]
    parts = [_emails_from(text.lower())]
    if email := normalize_email(text):
        parts.append(select(User.id).where(User.email == email))
    if words := split_name(fold_name(text))[:_MOST_WORDS]:
        parts.append(_names_with(words))
    found = union(*(select(part.subquery().c[0]) for part in parts))
    return _page(select(User).where(User.id.in_(found)).order_by(User.email))


def _page(query: Any) -> AccountPage:
    users = db.session.scalars(query.limit(PER_PAGE + 1)).all()
    return AccountPage(users[:PER_PAGE], len(users) > PER_PAGE)


def _emails_from(beginning: str) -> Any:
    """Return a query of the ids of the first accounts whose e-mail begins so."""
    if db.session.connection().dialect.name == "postgresql":  # the order of bytes, as the index has it
        begins = User.email.op("~>=~", is_comparison=True)(beginning) & User.email.op(
            "~<~", is_comparison=True
        )(beginning + _LAST)
        return select(User.id).where(begins).limit(PER_PAGE + 1)
    return select(User.id).where(User.email.between(beginning, beginning + _LAST)).limit(PER_PAGE + 1)


def _names_with(words: Sequence[str]) -> Any:
    """Return a query of the ids of the first accounts with all these words, or their beginnings, in the name."""
    longest, *others = sorted(words, key=len, reverse=True)
    query = select(AccountNameWord.user_id).where(_begins_with(AccountNameWord, longest))
    for word in others:
        other = aliased(AccountNameWord)
        same = select(other.user_id).where(
            other.user_id == AccountNameWord.user_id, _begins_with(other, word)
        )
        query = query.where(same.exists())
    return query.order_by(AccountNameWord.word, AccountNameWord.user_id).limit(_WORDS_OF_ONE * (PER_PAGE + 1))


def _begins_with(words: Any, word: str) -> ColumnElement[bool]:
    beginning: ColumnElement[bool] = words.word.between(word[:LONGEST_WORD], word[:LONGEST_WORD] + _LAST)
    return beginning


@event.listens_for(Session, "after_flush")
def _keep_words(session: Session, _context: object) -> None:
    """Write the words of the names that a flush has added or changed. Deleted accounts take theirs along."""
    changed = [one for one in session.dirty if isinstance(one, User) and _has_other_name(one)]
    named = [one for one in session.new if isinstance(one, User) and one.name] + changed
    if not named:
        return
    connection = connection_of(session)
    if changed:
        ids = [user.id for user in changed]
        connection.execute(delete(AccountNameWord).where(AccountNameWord.user_id.in_(ids)))
    if rows := [{"word": word, "user_id": user.id} for user in named for word in words_of(user.name)]:
        connection.execute(insert(AccountNameWord), rows)


def _has_other_name(user: User) -> bool:
    return bool(inspect(user).attrs.name.history.has_changes())
