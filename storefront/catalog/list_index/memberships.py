"""The rows of collections in the list index, brought up to date with any number of products.

Product writers call `refresh` in the transaction that changes products. Stock and time follow in transactions of
their own (`collection_builds`). Two things keep concurrent transactions from storing an old answer: each has locked
its products before it reads them, and a change of a rule waits for those that have read the old one (`lock_rules`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Table, and_, bindparam, delete, or_, select, text, update
from sqlalchemy.orm import Session

from storefront import cache
from storefront.batches import batches
from storefront.cache.tag_modes import Mode
from storefront.catalog.collection.membership_rules import (
    FOREVER,
    NOTHING,
    MemberFacts,
    Rule,
    membership_end,
    read_rule,
)
from storefront.catalog.collection.models import Collection, CollectionListing
from storefront.catalog.models import ROOT_PATH, Category, Listing, Product
from storefront.extensions import connection_of, insert_function
from storefront.shop_cache import keys
from storefront.stock import is_buyable

BATCH = 500  # products that are refreshed with the same statements
_TABLE = cast("Table", CollectionListing.__table__)
_RULE_COLUMNS = (
    Collection.id.label("collection_id"),
    *(Collection.rule, Collection.product_count, Collection.deleted_at),
)
_STORED_COLUMNS = tuple(
    getattr(CollectionListing, name).label(f"stored_{name}")
    for name in ("collection_id", "price", "name_key", "vendor", "until")
)


class MemberRow(NamedTuple):
    """The columns of a product's row in a collection; see CollectionListing."""

    price: int
    name_key: str
    vendor: str
    until: datetime | None


MemberRows = dict[tuple[int, int], MemberRow]  # by collection id and product id


@dataclass(frozen=True, slots=True)
class KeptCollection:
    """What keeping a collection's rows needs to know of it."""

    id: int
    rule: Rule
    product_count: int


def refresh(
    session: Session, product_ids: Iterable[int], *, only: int | None = None, mode: Mode | None = None
) -> None:
    """Bring the rows of products in all collections up to date; their rows in `listing` already are.

    Costs one statement if there are no collections. The transaction has locked the products, or made them.

    Args:
        session: a session in a writing transaction. It is flushed first.
        product_ids: the products.
        only: the id of the only collection whose rows are brought up to date.
        mode: of the invalidation of lists that products enter or leave; by default that of the tag's kind.
    """
    session.flush()
    ids = sorted(set(product_ids))
    if len(ids) == 1:
        _store(session, *_read_with_rules(session, ids[0], only), mode)
    elif kept := read_collections(session, only):
        for batch in batches(ids, BATCH):
            _store(session, kept, *_read(session, batch, kept), mode)


def read_collections(session: Session, only: int | None = None) -> list[KeptCollection]:
    """Return all collections, or one; none is made, and no rule changes, until the transaction ends.

    A deleted one lists nothing; it is among them while it still has rows.
    """
    query = select(*_RULE_COLUMNS).where(_are_kept(only)).order_by(Collection.id)
    return [
        _kept(row) for row in connection_of(session).execute(query.with_for_update(read=True, key_share=True))
    ]


def lock_rules(session: Session) -> None:
    """Wait for all transactions that have read the rules, and let others wait, until this transaction ends.

    Also for those that have seen a shop without collections. On SQLite a writing transaction is alone anyway. Call
    it before anything else is locked.
    """
    if session.connection().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE collection IN ACCESS EXCLUSIVE MODE"))


def lock_products(session: Session, product_ids: Iterable[int]) -> list[int]:
    """Lock products in the order of their ids; return the ids of those that exist."""
    query = select(Product.id).where(Product.id.in_(set(product_ids))).order_by(Product.id)
    return list(session.execute(query.with_for_update(key_share=True)).scalars())


def read_facts(row: Any) -> MemberFacts:
    """Return the facts of a row of `facts_query`, about a product that lists show."""
    return MemberFacts(
        row.tags, row.vendor, row.price, row.compare_at_price, bool(row.in_stock), row.created_at
    )


def facts_query() -> Any:
    """Return the query of what rules ask of products; `name_key` is None for a product that lists do not show."""
    root_id = select(Category.id).where(Category.path == ROOT_PATH).scalar_subquery()
    listed = and_(Listing.product_id == Product.id, Listing.category_id == root_id)
    columns = (*(Product.id, Product.tags, Product.compare_at_price, Product.created_at),)
    in_stock = is_buyable(Product.__table__.c.id).label("in_stock")
    return (
        select(*columns, in_stock, Listing.price, Listing.name_key, Listing.vendor)
        .select_from(Product)
        .outerjoin(Listing, listed)
    )


def _are_kept(only: int | None) -> ColumnElement[bool]:
    has_rows = or_(Collection.is_present(), Collection.product_count > 0)
    return has_rows if only is None else and_(has_rows, Collection.id == only)


def _kept(row: Any) -> KeptCollection:
    rule = NOTHING if row.deleted_at else read_rule(row.rule)
    return KeptCollection(row.collection_id, rule, row.product_count)


def _read(
    session: Session, product_ids: Sequence[int], kept: Sequence[KeptCollection]
) -> tuple[MemberRows, MemberRows]:
    """Return the rows that these products should have, and those that they have. One statement."""
    stored = CollectionListing
    mine = and_(
        stored.product_id == Product.id, stored.collection_id.in_([collection.id for collection in kept])
    )
    query = facts_query().add_columns(*_STORED_COLUMNS).outerjoin(stored, mine)
    wanted: MemberRows = {}
    present: MemberRows = {}
    seen: set[int] = set()
    for row in connection_of(session).execute(query.where(Product.id.in_(product_ids))):
        _add_present(present, row)
        if row.id not in seen:
            seen.add(row.id)
            _add_wanted(wanted, row, kept)
    return wanted, present


def _read_with_rules(
    session: Session, product_id: int, only: int | None
) -> tuple[list[KeptCollection], MemberRows, MemberRows]:
    """Return what `read_collections` and `_read` return, for one product, in one statement: a row for each rule."""
    stored = CollectionListing
    mine = and_(stored.product_id == Product.id, stored.collection_id == Collection.id)
    query = facts_query().add_columns(*_RULE_COLUMNS, *_STORED_COLUMNS)
    query = query.join(Collection, _are_kept(only)).outerjoin(stored, mine).where(Product.id == product_id)
    locked = query.order_by(Collection.id).with_for_update(read=True, key_share=True, of=Collection)
    kept: list[KeptCollection] = []
    wanted: MemberRows = {}
    present: MemberRows = {}
    for row in connection_of(session).execute(locked):
        kept.append(_kept(row))
        _add_present(present, row)
        _add_wanted(wanted, row, kept[-1:])
    return kept, wanted, present


def _add_present(present: MemberRows, row: Any) -> None:
    if row.stored_collection_id is not None:
        present[row.stored_collection_id, row.id] = MemberRow(
            row.stored_price, row.stored_name_key, row.stored_vendor, row.stored_until
        )


def _add_wanted(wanted: MemberRows, row: Any, kept: Sequence[KeptCollection]) -> None:
    if row.name_key is None:
        return  # lists do not show it
    facts, now = read_facts(row), datetime.now(UTC)
    for collection in kept:
        end = membership_end(collection.rule, facts)
        if end > now:
            until = None if end == FOREVER else end
            wanted[collection.id, row.id] = MemberRow(row.price, row.name_key, row.vendor, until)


def _store(
    session: Session,
    kept: Sequence[KeptCollection],
    wanted: MemberRows,
    present: MemberRows,
    mode: Mode | None,
) -> None:
    """Make the rows that are present those that are wanted, with counts and invalidations."""
    _write(session, wanted, present)
    _invalidate(session, wanted, present, mode)
    _count(session, kept, wanted, present)


def _write(session: Session, wanted: MemberRows, present: MemberRows) -> None:
    connection = connection_of(session)
    gone = [{"c": c, "p": p} for c, p in sorted(present.keys() - wanted.keys())]
    if gone:
        row = _TABLE.c
        connection.execute(
            delete(_TABLE).where(row.collection_id == bindparam("c"), row.product_id == bindparam("p")), gone
        )
    changed = sorted(key for key, row in wanted.items() if present.get(key) != row)
    if changed:
        upsert = insert_function(connection)(_TABLE)
        connection.execute(
            upsert.on_conflict_do_update(
                index_elements=["collection_id", "product_id"],
                set_={name: upsert.excluded[name] for name in MemberRow._fields},
            ),
            [{"collection_id": c, "product_id": p, **wanted[c, p]._asdict()} for c, p in changed],
        )


def _invalidate(session: Session, wanted: MemberRows, present: MemberRows, mode: Mode | None) -> None:
    """Invalidate the lists that a product enters or leaves, and those that have it at another place."""
    moved: set[str] = set()
    priced: set[str] = set()
    for key in wanted.keys() | present.keys():
        new, old = wanted.get(key), present.get(key)
        if new is None or old is None or new._replace(price=old.price) != old:
            moved.add(keys.collection_tag(key[0]))  # which the lists by price carry, too
        elif new.price != old.price:
            priced.add(keys.collection_prices_tag(key[0]))
    cache.invalidate_on_commit(session, *moved, mode=mode)
    cache.invalidate_on_commit(session, *priced)


def _count(
    session: Session,
    kept: Sequence[KeptCollection],
    wanted: Mapping[tuple[int, int], object],
    present: Mapping[tuple[int, int], object],
) -> None:
    """Move the counts of collections by the difference, in the order of their ids, as no deadlock needs."""
    deltas = Counter(collection_id for collection_id, _ in wanted)
    deltas.subtract(collection_id for collection_id, _ in present)
    moved = [{"c": key, "d": delta} for key, delta in sorted(deltas.items()) if delta]
    if not moved:
        return
    connection_of(session).execute(
        update(cast("Table", Collection.__table__))
        .where(Collection.id == bindparam("c"))
        .values(product_count=Collection.product_count + bindparam("d")),
        moved,
    )
    if any((one.product_count == 0) != (one.product_count + deltas[one.id] == 0) for one in kept):
        cache.invalidate_on_commit(session, keys.COLLECTIONS)
