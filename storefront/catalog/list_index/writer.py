"""All that is derived from a product so that pages need not compute it, kept in the same transaction.

Derived: the prices and the cover on its own row, its rows in `listing` (one for each category above it), the
counts of categories and vendors, its words in the search index. Whoever changed products calls `refresh`.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import bindparam, delete, event, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, UOWTransaction

from storefront import cache
from storefront.cache import keys
from storefront.catalog import search
from storefront.catalog.models import Category, Listing, ListingVendor, Product, ProductImage, Variant
from storefront.stock import StockItem

NAME_KEY = 40
Row = tuple[int, str, str]  # price, name key, vendor
Rows = dict[tuple[int, int], Row]  # by category id and product id
_TAG = re.compile(r"<[^>]*>")


@event.listens_for(Session, "after_flush")
def _restocked(session: Session, _: UOWTransaction) -> None:
    """Rows of stock that come, go or are changed past the stock room's verbs may change what can be bought."""
    rows = (*session.new, *filter(session.is_modified, session.dirty), *session.deleted)
    product_ids = {row.product_id for row in rows if isinstance(row, StockItem)}
    if product_ids:
        above = select(Listing.category_id).where(Listing.product_id.in_(product_ids)).distinct()
        cache.invalidate_on_commit(
            session, *map(keys.availability_tag, session.connection().execute(above).scalars())
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """What lists and search need to know of one active product; `price` in minor units."""

    product_id: int
    title: str
    vendor: str
    price: int
    category_ids: Sequence[int]  # its category and all above it, the root included
    words: Sequence[str] = field(default=())  # what is searched besides the title


def name_key(title: str) -> str:
    """Return the key of the order "name": without case, accents and punctuation."""
    return " ".join(search.words(title))[:NAME_KEY]


def ancestors(session: Session, category_ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """Return the category and all those above it, up to the root, for each category id."""
    rows = session.execute(select(Category.id, Category.path).where(Category.id.in_(set(category_ids))))
    paths: dict[int, str] = {row.id: row.path for row in rows}
    above = {prefix for path in paths.values() for prefix in prefixes(path)}
    ids = {
        row.path: row.id
        for row in session.execute(select(Category).where(Category.path.in_(above))).scalars()
    }
    return {key: tuple(ids[prefix] for prefix in prefixes(path)) for key, path in paths.items()}


def prefixes(path: str) -> list[str]:
    """Return a category path and those above it, root first: "a/b" gives ["", "a", "a/b"]."""
    parts = path.split("/") if path else []
    return ["", *("/".join(parts[: i + 1]) for i in range(len(parts)))]


def refresh(session: Session, product_ids: Iterable[int]) -> None:
    """Bring everything derived from these products up to date. Flushes first; commits nothing."""
    session.flush()
    ids = sorted(set(product_ids))
    for start in range(0, len(ids), 500):
        batch = ids[start : start + 500]
        settle_prices(session, batch)
        entries = _entries(session, batch)
        gone = set(batch) - {entry.product_id for entry in entries}
        write(session, entries, gone=sorted(gone))
        cache.invalidate_on_commit(session, *map(keys.product_tag, batch), *map(keys.card_tag, batch))
    session.expire_all()


def availability_changed(session: Session, product_id: int) -> None:
    """Drop the lists that count or show what is in stock, since this product has sold out or come back."""
    above = session.execute(select(Listing.category_id).where(Listing.product_id == product_id)).scalars()
    cache.invalidate_on_commit(session, *map(keys.availability_tag, above))


def settle_prices(session: Session, product_ids: Sequence[int]) -> None:
    """Copy the lowest and highest price and the cover picture onto the products' own rows."""

    def of_variants(column: object) -> object:
        return select(column).where(Variant.product_id == Product.id).scalar_subquery()  # type: ignore[call-overload]

    cheapest = (
        select(Variant.compare_at_price)
        .where(Variant.product_id == Product.id)
        .order_by(Variant.price, Variant.position)
        .limit(1)
        .scalar_subquery()
    )
    cover = (
        select(ProductImage.id)
        .where(ProductImage.product_id == Product.id, ProductImage.digest.is_not(None))
        .order_by(ProductImage.position, ProductImage.id)
        .limit(1)
        .scalar_subquery()
    )
    session.execute(
        update(Product)
        .where(Product.id.in_(product_ids))
        .values(
            price=of_variants(func.min(Variant.price)),
            price_max=of_variants(func.max(Variant.price)),
            compare_at_price=cheapest,
            cover_id=cover,
            updated_at=Product.updated_at,
        )
        .execution_options(synchronize_session=False)
    )


def write(
    session: Session, entries: Sequence[Entry], *, gone: Sequence[int] = (), fresh: bool = False
) -> None:
    """Make listing rows, counts and search documents say what the entries say.

    Args:
        session: a session in a writing transaction.
        entries: the products as lists should show them.
        gone: ids of products that lists and search should not show (any more).
        fresh: the promise that nothing of these products is there yet: saves the look.
    """
    wanted = {
        (category_id, entry.product_id): (entry.price, name_key(entry.title), entry.vendor)
        for entry in entries
        for category_id in entry.category_ids
    }
    present: Rows = {}
    if not fresh:
        rows = session.execute(
            select(
                Listing.category_id, Listing.product_id, Listing.price, Listing.name_key, Listing.vendor
            ).where(Listing.product_id.in_([*(entry.product_id for entry in entries), *gone]))
        )
        present = {(row[0], row[1]): (row[2], row[3], row[4]) for row in rows}
    _delete(session, [key for key in present if wanted.get(key) != present[key]])
    _insert(session, {key: row for key, row in wanted.items() if present.get(key) != row})
    count(session, wanted, present)
    search.index(
        session,
        [search.document(entry.product_id, entry.title, entry.words) for entry in entries],
        fresh=fresh,
    )
    search.forget(session, gone)


def _entries(session: Session, product_ids: Sequence[int]) -> list[Entry]:
    products = session.execute(
        select(
            Product.id,
            Product.title,
            Product.vendor,
            Product.price,
            Product.product_type,
            Product.tags,
            Product.description_html,
            Product.category_id,
            Category.name,
        )
        .outerjoin(Category, Category.id == Product.category_id)
        .where(Product.id.in_(product_ids), Product.status == "active", Product.price.is_not(None))
    ).all()
    variants = session.execute(
        select(Variant.product_id, Variant.sku, Variant.option1, Variant.option2, Variant.option3).where(
            Variant.product_id.in_(product_ids)
        )
    )
    words: dict[int, list[str]] = {}
    for product_id, *texts in variants:
        words.setdefault(product_id, []).extend(texts)
    root = session.execute(select(Category.id).where(Category.path == "")).scalar_one()
    above = ancestors(session, {row.category_id for row in products if row.category_id})
    return [
        Entry(
            product_id=row.id,
            title=row.title,
            vendor=row.vendor,
            price=row.price,
            category_ids=above.get(row.category_id, (root,)),
            words=(
                row.vendor,
                row.product_type,
                *row.tags,
                row.name or "",
                *words.get(row.id, ()),
                html.unescape(_TAG.sub(" ", row.description_html)),
            ),
        )
        for row in products
    ]


def _tell(session: Session, wanted: Rows, present: Rows) -> None:
    """Drop the lists that these changes could alter: membership and vendors, prices, names."""
    tags: set[str] = set()
    # A product that goes from one shelf to another changes the counts that are printed above both.
    moved = {product_id for _, product_id in wanted.keys() ^ present.keys()}
    came_or_went = {product_id for _, product_id in wanted} ^ {product_id for _, product_id in present}
    tags |= {keys.sitemap_tag(keys.sitemap_part(product_id)) for product_id in came_or_went}
    for category_id, product_id in wanted.keys() | present.keys():
        if product_id in moved:
            tags.add(keys.category_tag(category_id))
        new, old = wanted.get((category_id, product_id)), present.get((category_id, product_id))
        if new is None or old is None or new[2] != old[2]:
            tags.add(keys.category_tag(category_id))
        if new is None or old is None or new[0] != old[0]:
            tags.add(keys.prices_tag(category_id))
        if new is None or old is None or new[1] != old[1]:
            tags.add(keys.names_tag(category_id))
    cache.invalidate_on_commit(session, *tags)


def _delete(session: Session, keys: Sequence[tuple[int, int]]) -> None:
    if keys:
        session.connection().execute(
            delete(Listing.__table__).where(  # type: ignore[arg-type]
                Listing.category_id == bindparam("c"), Listing.product_id == bindparam("p")
            ),
            [{"c": category_id, "p": product_id} for category_id, product_id in keys],
        )


def _insert(session: Session, rows: Rows) -> None:
    if rows:
        session.connection().execute(
            insert(Listing.__table__),  # type: ignore[arg-type]
            [
                {"category_id": c, "product_id": p, "price": price, "name_key": key, "vendor": vendor}
                for (c, p), (price, key, vendor) in rows.items()
            ],
        )


def count(session: Session, wanted: Rows, present: Rows) -> None:
    """Drop the lists that are others now, and move the kept counts by the difference.

    Rows are taken in the order of their ids, so nobody deadlocks.
    """
    _tell(session, wanted, present)
    categories: Counter[int] = Counter()
    vendors: Counter[tuple[int, str]] = Counter()
    for rows, step in ((wanted, 1), (present, -1)):
        for (category_id, _), (_, _, vendor) in rows.items():
            categories[category_id] += step
            vendors[category_id, vendor] += step
    moved = [{"c": key, "d": delta} for key, delta in sorted(categories.items()) if delta]
    if moved:
        session.connection().execute(
            update(Category.__table__)  # type: ignore[arg-type]
            .where(Category.id == bindparam("c"))
            .values(product_count=Category.product_count + bindparam("d")),
            moved,
        )
        # A category without products is not shown: the first and the last one change every page's navigation.
        steps = [row["d"] for row in moved]
        edge = select(Category.id).where(
            Category.id.in_([row["c"] for row in moved]), Category.product_count.between(0, max(0, *steps))
        )
        if session.execute(edge.limit(1)).first():
            cache.invalidate_on_commit(session, keys.NAVIGATION)
    changed = [
        {"category_id": key[0], "vendor": key[1], "products": delta}
        for key, delta in sorted(vendors.items())
        if delta
    ]
    if changed:
        dialect = session.connection().dialect.name
        upsert = (sqlite.insert if dialect == "sqlite" else postgresql.insert)(ListingVendor)
        session.connection().execute(
            upsert.on_conflict_do_update(
                index_elements=["category_id", "vendor"],
                set_={"products": ListingVendor.products + upsert.excluded.products},
            ),
            changed,
        )
