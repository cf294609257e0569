"""A list as a range of the list index: the rows of a category or of a collection, in each order of an index."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, or_
from sqlalchemy.sql.elements import ColumnElement

from storefront.catalog.collection.models import CollectionListing
from storefront.catalog.models import Listing


@dataclass(frozen=True, slots=True)
class ListRange:
    """A list of the index.

    Attributes:
        row: the table; its rows have product_id, price, name_key and vendor.
        inside: the conditions for the rows of this list.
    """

    row: Any
    inside: tuple[ColumnElement[bool], ...]


def category_range(category_id: int | BindParameter[int]) -> ListRange:
    """Return the list of a category and of all below it."""
    return ListRange(Listing, (Listing.category_id == category_id,))


def collection_range(collection_id: int, now: datetime | None) -> ListRange:
    """Return the list of a collection, without products whose age has ended their membership by now.

    `now` is None if age ends none. Pages far from both ends are read from the order's index alone.
    """
    row = CollectionListing
    inside = (row.collection_id == collection_id,)
    if now is None:
        return ListRange(row, inside)
    return ListRange(row, (*inside, or_(row.until.is_(None), row.until > now)))
