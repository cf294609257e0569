"""Codes of new variants: unique for ever, safe in addresses, and the same for the same source.

A code is the source's own code if it has one, else the label if one row of the source has it, else a text made of the
handle and the option values, with a digest of them where that is needed. No code is one that a row of the source, a
variant of the shop, or its ledger of stock has: a removed variant must not come back to life as another one. A made
code is not one of an order either; a label may be, since merchants bring their orders along from another shop.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import msgspec
from sqlalchemy import Select, Table, select, union, union_all
from sqlalchemy.engine import Connection

from storefront.app_state import Hook
from storefront.batches import batches
from storefront.catalog.models import Variant
from storefront.catalog.slugs import slugify
from storefront.catalog.variant_codes import MAX_CODE, is_safe_code
from storefront.stock import StockItem, StockMovement
from storefront.unicode_text import normalize

# Of a code that is made: characters of the whole, of the handle in it, and of one option value.
_MOST, _MOST_HANDLE, _MOST_VALUE = 100, 60, 40
_TABLES = [cast("Table", model.__table__) for model in (Variant, StockItem, StockMovement)]
_MOST_ASKED = 2_000  # codes in one statement; SQLite takes 32,766 parameters
# Asks each room above for a query of the codes that its rows need, such as orders.
used_codes = Hook[[], Select[str]]("change_sets.used_codes")


@dataclass(frozen=True, slots=True)
class NewVariant:
    """What a code is made of: the source's code and label (or empty), the product's address and the option values."""

    code: str
    label: str
    handle: str
    options: Sequence[str]


class Claims:
    """Texts that a plan has given away, in a temporary file of SQLite's: memory does not grow with the plan."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)  # an empty name: SQLite deletes the file itself
        self._db.execute("PRAGMA journal_mode=OFF")
        self._db.execute("CREATE TABLE claim (text TEXT PRIMARY KEY) WITHOUT ROWID")

    def claim(self, text: str) -> bool:
        """Return whether the text was still free; from now on it is not."""
        return self._db.execute("INSERT OR IGNORE INTO claim VALUES (?)", (text,)).rowcount == 1

    def close(self) -> None:
        """Delete the file."""
        self._db.close()


class CodeMaker:
    """Makes the codes of new variants.

    Args:
        times_in_source: how many rows of the source have this text as their code or label.

    """

    def __init__(self, times_in_source: Callable[[str], int]) -> None:
        self._times_in_source = times_in_source
        self._claims = Claims()

    def make(self, connection: Connection, variants: Sequence[NewVariant]) -> list[str]:
        """Return a code for each of the variants. One statement is enough unless codes are taken."""
        codes = [""] * len(variants)
        candidates = [self._candidates(variant) for variant in variants]
        waiting = list(range(len(variants)))
        while waiting:
            asked = {index: next(candidates[index]) for index in waiting}
            used = find_taken_codes(connection, {code for code, _ in asked.values()})
            used |= find_needed_codes(connection, {code for code, is_made in asked.values() if is_made})
            for index, (code, _) in asked.items():
                if code not in used and self._claims.claim(code):
                    codes[index] = code
            waiting = [index for index in waiting if not codes[index]]
        return codes

    def close(self) -> None:
        """Delete the temporary file."""
        self._claims.close()

    def _candidates(self, variant: NewVariant) -> Iterator[tuple[str, bool]]:
        """Yield codes, and whether each is made, in the order in which they are tried."""
        for text in filter(None, dict.fromkeys((variant.code, variant.label))):
            if is_safe_code(text) and self._times_in_source(text) <= 1:
                yield text, False
        for text in _made_codes(variant):
            if not self._times_in_source(text):
                yield text, True


def find_taken_codes(connection: Connection, codes: Collection[str]) -> set[str]:
    """Return which of these codes a variant has, or had when its stock moved."""
    used: set[str] = set()
    for part in batches(sorted(codes), _MOST_ASKED):
        query = union(*(select(table.c.sku).where(table.c.sku.in_(part)) for table in _TABLES))
        used.update(connection.execute(query).scalars())
    return used


def find_needed_codes(connection: Connection, codes: Collection[str]) -> set[str]:
    """Return which of these codes the rows of rooms above need, such as orders and the baskets that hold goods."""
    used: set[str] = set()
    if codes and (queries := used_codes.fire()):
        (code,) = union_all(*queries).subquery().c
        for part in batches(sorted(codes), _MOST_ASKED):
            used.update(connection.execute(select(code).where(code.in_(part))).scalars())
    return used


def _made_codes(variant: NewVariant) -> Iterator[str]:
    """Yield codes made of handle and option values: readable, then with a digest of them, then numbered, too."""
    values = [value for value in variant.options if value]
    exact = [variant.handle, *(normalize("NFC", value) for value in values)]
    digest = hashlib.sha256(msgspec.json.encode(exact)).hexdigest()
    parts = [
        slugify(variant.handle, limit=_MOST_HANDLE),
        *(slugify(value, limit=_MOST_VALUE) for value in values),
    ]
    code = "-".join(parts)
    is_whole = len(code) <= _MOST and parts == [
        slugify(text, limit=MAX_CODE) for text in (variant.handle, *values)
    ]
    code = code[:_MOST].rstrip("-")
    if is_whole:
        yield code
    yield f"{code}-{digest[:6]}"
    number = 1
    while True:
        yield f"{code}-{digest[:12]}-{number}"
        number += 1
