"""Finds orders for staff: by number, name, e-mail address, SKU and day. Each way uses an index, on both databases."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, union

from storefront.checkout.models import Order, OrderLine, OrderNameWord
from storefront.mail.email_address import normalize_email
from storefront.postal.name_words import LONGEST_WORD, fold_name, split_name, words_of

_LAST = "\U0010ffff"  # greater than every character of a name
_LONGEST_KEY = LONGEST_WORD
_MOST_WORDS = 6  # of a name that are looked for
MAX_TEXT = 254  # characters; the longest e-mail address
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


@dataclass(frozen=True, slots=True)
class OrderSearch:
    """What staff look for. The days `since` and `until` are both part of it, in the shop's time zone."""

    text: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def is_backwards(self) -> bool:
        """Whether the first day is after the last, so that no order can match."""
        return self.since is not None and self.until is not None and self.since > self.until

    @property
    def fields(self) -> dict[str, str]:
        """The fields of the form that are not empty, for links to further pages."""
        days = {"from": self.since, "to": self.until}
        return ({"q": self.text} if self.text else {}) | {
            name: day.isoformat() for name, day in days.items() if day is not None
        }

    def conditions(self, timezone: ZoneInfo) -> list[Any]:
        """Return the conditions of a query of orders."""
        found: list[Any] = []
        if self.text:
            found.append(Order.id.in_(_matches(self.text)))
        if self.since is not None:
            found.append(Order.placed_at >= _midnight(self.since, timezone))
        if self.until is not None:
            found.append(Order.placed_at < _midnight(self.until + timedelta(days=1), timezone))
        return found


def read_search(fields: Mapping[str, str]) -> tuple[OrderSearch, bool]:
    """Return the search of a form with `q`, `from` and `to` (2026-01-31), and whether all its days can be read."""
    days = {name: _read_day(fields.get(name, "")) for name in ("from", "to")}
    text = " ".join((fields.get("q") or fields.get("number", "")).split())
    is_readable = all(days[name] or not fields.get(name, "").strip() for name in days)
    return OrderSearch(text[:MAX_TEXT], days["from"], days["to"]), is_readable


def name_keys(name: str) -> dict[str, str]:
    """Return a recipient's name as staff look for it: without accents and case, once with the surname first."""
    words = fold_name(name).split()
    turned = [*words[-1:], *words[:-1]]
    return {"name_key": " ".join(words)[:_LONGEST_KEY], "surname_key": " ".join(turned)[:_LONGEST_KEY]}


def name_words(*addresses: Mapping[str, Any] | None) -> list[str]:
    """Return the words by which staff find an order: those of the names of its addresses."""
    return words_of(*(str((address or {}).get("name", "")) for address in addresses))


def _matches(text: str) -> Any:
    """Return a query of the ids of the orders that a text names. Each part has an index of its own."""
    spellings = _lower_spellings(text)
    numbers = {text.upper().removeprefix("#"), text.removeprefix("#"), text, f"#{text}"}
    key = " ".join(fold_name(text).split())[:_LONGEST_KEY]
    parts = [
        select(Order.id).where(Order.number.in_(numbers)),
        select(Order.id).where(Order.imported_number.in_(numbers)),
        select(OrderLine.order_id).where(func.lower(OrderLine.sku).in_(spellings)),
        select(OrderLine.order_id).where(func.lower(OrderLine.label).in_(spellings)),
    ]
    if email := normalize_email(text):
        parts.append(select(Order.id).where(Order.email == email))
    if key:
        beginnings = [column.between(key, key + _LAST) for column in (Order.name_key, Order.surname_key)]
        parts += [select(Order.id).where(beginning) for beginning in beginnings]
    if words := split_name(fold_name(text))[:_MOST_WORDS]:
        parts.append(_names_with(words))
    return union(*parts)


def _lower_spellings(text: str) -> set[str]:
    """Return what `lower()` may make of a SKU in any case: SQLite leaves all but A to Z as they are."""
    simple = {spelling.translate(_LOWER) for spelling in (text, text.upper(), text.lower())}
    return simple | {text.lower()}


def _names_with(words: Sequence[str]) -> Any:
    """Return a query of the ids of the orders with all these words, or the beginnings of some, in a name."""
    longest, *others = sorted(words, key=len, reverse=True)
    query = select(OrderNameWord.order_id).where(_begins_with(longest))
    for word in others:
        query = query.where(
            OrderNameWord.order_id.in_(select(OrderNameWord.order_id).where(_begins_with(word)))
        )
    return query


def _begins_with(word: str) -> Any:
    return OrderNameWord.word.between(word[:_LONGEST_KEY], word[:_LONGEST_KEY] + _LAST)


def _read_day(text: str) -> date | None:
    """Return a day; None if the text is not one of the years that a time zone can turn into a time."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return day if 1970 <= day.year <= 9000 else None


def _midnight(day: date, timezone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), timezone)
