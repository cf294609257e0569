"""Select the products on a page of a list, at a cost that does not grow with the shop.

A list without filters is a range of an index. A filter or a search reads its narrowest source (words, vendor, price
range): at most SCAN_LIMIT rows, of which it keeps at most MATCH_LIMIT. If these are all matches, they are sorted and
counted exactly. If there are more, matches are so frequent that a scan of the order's own index meets enough of them,
again within SCAN_LIMIT rows; the total is then a minimum ("1,000+").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    BindParameter,
    CompoundSelect,
    Integer,
    ScalarSelect,
    Select,
    bindparam,
    func,
    join,
    literal,
    select,
    true,
    union_all,
)

from storefront.catalog.list_index.conditions import SCAN_LIMIT, other_conditions, price_range
from storefront.catalog.list_index.list_range import ListRange, category_range
from storefront.catalog.list_index.matches import (
    PER_PAGE,
    AnySelect,
    Candidate,
    Selection,
    match_statement,
    slice_page,
    sort_matches,
)
from storefront.catalog.list_index.search_reader import select_found
from storefront.catalog.list_request import ListRequest, Sort
from storefront.catalog.models import Listing, Product
from storefront.extensions import db
from storefront.joint_queries import Rows, read_rows
from storefront.stock import is_buyable
from storefront.text_translations import built_once

MATCH_LIMIT = 1000
# Pages this far from both ends of an unfiltered list are empty: reaching them by offset would be too slow.
MAX_OFFSET = 100_000


def select_page(
    wanted: ListRequest, category_id: int, listed: int, *, counts_buyable: bool = False
) -> Selection:
    """Return one page of a category's products. `listed` is the category's stored product count.

    `counts_buyable`: the same statement also counts those that can be bought, of a list without filters or search.
    """
    if wanted.q:
        return select_found(wanted, category_id, MATCH_LIMIT)
    if not wanted.is_filtered:

        def read(backwards: bool, values: Mapping[str, Any]) -> Rows:
            statement = _select_category(wanted.sort, backwards, counts_buyable)
            return read_rows(statement, {"category": category_id, **values})

        return _slice_plain(wanted, listed, read)
    return select_in_range(wanted, category_range(category_id), listed)


def select_in_range(wanted: ListRequest, place: ListRange, listed: int) -> Selection:
    """Return one page of the products of a list that is not searched. `listed` is how many it has."""
    if not wanted.is_filtered:

        def read(backwards: bool, values: Mapping[str, Any]) -> Rows:
            return read_rows(_select_plain(wanted.sort, place, backwards=backwards), values)

        return _slice_plain(wanted, listed, read)
    found, complete = _find_matches(wanted, place, listed)
    if complete:
        ordered = sort_matches(found, wanted.sort)
        return Selection(
            slice_page([c.product_id for c in ordered], wanted.page), len(ordered), False, ordered
        )
    kept = _walk_order(wanted, place)
    return Selection(slice_page(kept, wanted.page), len(kept), True)


def count_buyable(selection: Selection, category_id: int) -> tuple[int, bool]:
    """Return how many listed products can be bought, and whether there may be more.

    A page beyond the end of its list has not counted them.
    """
    count = selection.buyable
    if count is None:
        count = db.session.execute(select(_count_buyable(category_id))).scalar_one()
    return min(count, MATCH_LIMIT), count > MATCH_LIMIT


def _count_buyable(category_id: int | BindParameter[int]) -> ScalarSelect[int]:
    """Return the expression that counts listed products that can be bought. It reads at most SCAN_LIMIT rows."""
    scanned = (
        select(Listing.product_id).where(Listing.category_id == category_id).limit(SCAN_LIMIT).subquery()
    )
    found = (
        select(scanned.c.product_id).where(is_buyable(scanned.c.product_id)).limit(MATCH_LIMIT + 1).subquery()
    )
    return select(func.count()).select_from(found).scalar_subquery()


@built_once
def _select_category(sort: Sort, backwards: bool, counts_buyable: bool) -> Select[Any]:
    category_id: BindParameter[int] = bindparam("category", type_=Integer)
    count = _count_buyable(category_id) if counts_buyable else None
    return _select_plain(sort, category_range(category_id), count, backwards=backwards)


def _select_plain(
    sort: Sort, place: ListRange, count: ScalarSelect[int] | None = None, *, backwards: bool
) -> Select[Any]:
    """Return the statement for a page of a whole list; `count` is an expression whose value becomes `buyable`."""
    counted = literal(None) if count is None else count
    query = select(place.row.product_id, counted.label("buyable")).where(*place.inside)
    query = query.order_by(*_order(sort, place.row, backwards=backwards))
    return query.offset(bindparam("offset", type_=Integer)).limit(bindparam("size", type_=Integer))


def _slice_plain(
    wanted: ListRequest, listed: int, read: Callable[[bool, Mapping[str, Any]], Rows]
) -> Selection:
    """Return a page of a whole list; `read` returns the rows of `_select_plain`, perhaps backwards."""
    offset = (wanted.page - 1) * PER_PAGE
    size = min(PER_PAGE, listed - offset)
    if size <= 0:
        return Selection([], listed, False)
    # Beyond the middle, the offset from the other end is smaller.
    from_end = listed - offset - size
    backwards = from_end < offset
    if min(offset, from_end) > MAX_OFFSET:
        return Selection([], listed, False)
    rows = read(backwards, {"offset": from_end if backwards else offset, "size": size})
    ids = [row.product_id for row in rows]
    buyable = rows[0].buyable if rows else None
    return Selection(ids[::-1] if backwards else ids, listed, False, buyable=buyable)


def _find_matches(wanted: ListRequest, place: ListRange, listed: int) -> tuple[list[Candidate], bool]:
    """Return matches from the narrowest source, and whether these are all."""
    if wanted.vendors:
        return _matches_among(wanted, place, _products_of(wanted.vendors))
    if wanted.min_price is not None or wanted.max_price is not None or listed <= SCAN_LIMIT:
        # Without a further filter every row of the range matches: reading more than are kept is useless.
        priced = select(place.row).where(*place.inside, *price_range(wanted, place.row))
        scanned = (
            priced.order_by(place.row.price)
            .limit(SCAN_LIMIT + 1 if wanted.in_stock else MATCH_LIMIT + 1)
            .cte("scanned")
        )
        return _fetch_matches(match_statement(wanted, scanned.c, [], scanned), scanned)
    return [], False


def _products_of(vendors: Sequence[str]) -> CompoundSelect[int]:
    """Return the statement for the ids of these vendors' products; it reads a limited range of the index for each."""
    ranges = [
        select(Product.id.label("product_id")).where(Product.vendor == vendor).limit(SCAN_LIMIT + 1)
        for vendor in vendors
    ]
    return union_all(*(select(each.subquery()) for each in ranges))  # SQLite has no limit inside a bare union


def _matches_among(
    wanted: ListRequest, place: ListRange, source: AnySelect | CompoundSelect[int]
) -> tuple[list[Candidate], bool]:
    """Return the matches among the source's product ids, at most MATCH_LIMIT + 1, and whether these are all."""
    scanned = source.limit(SCAN_LIMIT + 1).cte("scanned")
    conditions = [*place.inside, *price_range(wanted, place.row)]
    listed = join(scanned, place.row, place.row.product_id == scanned.c.product_id)
    return _fetch_matches(match_statement(wanted, place.row, conditions, listed), scanned)


def _fetch_matches(matches: AnySelect, scanned: CTE) -> tuple[list[Candidate], bool]:
    """Return the matches, at most MATCH_LIMIT + 1, and whether these are all."""
    found = matches.limit(MATCH_LIMIT + 1).subquery()
    size = select(func.count().label("size")).select_from(scanned).subquery()
    # The outer join returns the size even without matches: later rows than the first SCAN_LIMIT may still match.
    rows = db.session.execute(select(size, found).outerjoin_from(size, found, true())).all()
    candidates = [Candidate(*row[1:]) for row in rows if row[1] is not None]
    return candidates, len(candidates) <= MATCH_LIMIT and rows[0][0] <= SCAN_LIMIT


def _walk_order(wanted: ListRequest, place: ListRange) -> list[int]:
    """Return the ids of up to MATCH_LIMIT matches from the first SCAN_LIMIT rows of the wanted order's index."""
    rows = select(place.row).where(*place.inside)
    if wanted.sort in ("price", "-price"):
        rows = rows.where(*price_range(wanted, place.row))
    scanned = rows.order_by(*_order(wanted.sort, place.row)).limit(SCAN_LIMIT).subquery()
    matches = select(scanned.c.product_id).where(
        *price_range(wanted, scanned.c), *other_conditions(wanted, scanned.c)
    )
    return list(
        db.session.execute(matches.order_by(*_order(wanted.sort, scanned.c)).limit(MATCH_LIMIT)).scalars()
    )


def _order(sort: Sort, row: Any, *, backwards: bool = False) -> list[Any]:
    columns = {"price": [row.price], "-price": [row.price], "name": [row.name_key]}.get(sort, [])
    descending = (sort in ("new", "relevance", "-price")) != backwards
    return [c.desc() if descending else c.asc() for c in (*columns, row.product_id)]
