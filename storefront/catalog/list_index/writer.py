"""Bring the list index up to date with any number of products, in the transaction that changed them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from storefront import cache
from storefront.catalog import search
from storefront.catalog.category_ranking import changed_tags, read_ranked
from storefront.catalog.list_index import further_categories, memberships
from storefront.catalog.list_index.derivation import ListingRow, Prices, ancestor_paths
from storefront.catalog.list_index.emptied_categories import redirect_emptied_categories
from storefront.catalog.list_index.stored_facts import load_facts
from storefront.catalog.models import ROOT_PATH, Category, Listing, ListingVendor, Product, ProductImage
from storefront.extensions import insert_function
from storefront.shop_cache import keys

BATCH = 500  # products that are refreshed with the same statements
ListingRows = dict[tuple[int, int], ListingRow]  # by category id and product id


@dataclass(frozen=True, slots=True)
class ListIndexRow:
    """One listed product in the list index."""

    product_id: int
    row: ListingRow
    texts: search.SearchedTexts
    category_ids: Collection[int]  # its categories and all above them, the root included


def refresh(session: Session, product_ids: Iterable[int], same_texts: Collection[int] = ()) -> None:
    """Bring the list index up to date with these products. Flushes first; does not commit.

    Args:
        session: a session in a writing transaction.
        product_ids: the products.
        same_texts: those of which nothing has changed that is searched.
    """
    session.flush()
    ids = sorted(set(product_ids))
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        entries, hidden = _refresh_rows(session, batch)
        unlisted = set(batch) - {entry.product_id for entry in entries}
        write(session, entries, unlisted=sorted(unlisted), hidden=hidden, same_texts=same_texts)
        cache.invalidate_on_commit(session, *map(keys.product_tag, batch), *map(keys.card_tag, batch))
    session.expire_all()


def refresh_covers(session: Session, product_ids: Sequence[int]) -> None:
    """Bring the covers of products up to date, whose pictures have changed, and nothing else. Flushes first."""
    session.flush()
    _set_covers(session, product_ids)
    cache.invalidate_on_commit(session, *map(keys.product_tag, product_ids), *map(keys.card_tag, product_ids))


def write(
    session: Session,
    entries: Sequence[ListIndexRow],
    *,
    unlisted: Sequence[int] = (),
    hidden: Sequence[search.SearchedTexts] = (),
    same_texts: Collection[int] = (),
    fresh: bool = False,
) -> None:
    """Write entries into the lists, the counts and the search index.

    Args:
        session: a session in a writing transaction.
        entries: the products that lists and search show.
        unlisted: ids of products that lists and search do not show (any more).
        hidden: what the back office searches of those of them that exist.
        same_texts: ids of products of which nothing has changed that is searched.
        fresh: the caller knows that the index has none of these products: saves a look-up.
    """
    wanted = {
        (category_id, entry.product_id): entry.row for entry in entries for category_id in entry.category_ids
    }
    present: ListingRows = {}
    if not fresh:
        columns = (Listing.category_id, Listing.product_id, Listing.price, Listing.name_key, Listing.vendor)
        ids = [*(entry.product_id for entry in entries), *unlisted]
        rows = session.execute(select(*columns).where(Listing.product_id.in_(ids)))
        present = {(row[0], row[1]): ListingRow(*row[2:]) for row in rows}
    _delete_rows(session, [key for key in present if wanted.get(key) != present[key]])
    _insert_rows(session, {key: row for key, row in wanted.items() if present.get(key) != row})
    update_counts(session, wanted, present)
    shown_before = {product_id for _, product_id in present}
    every = [*(entry.texts for entry in entries), *hidden]
    moved = {each.product_id for each in every if each.is_hidden == (each.product_id in shown_before)}
    texts = [each for each in every if each.product_id in moved or each.product_id not in same_texts]
    search.write(session, texts, moved=() if fresh else moved, fresh=fresh)
    search.remove(session, sorted({*unlisted} - {each.product_id for each in hidden}))
    memberships.refresh(session, [*(entry.product_id for entry in entries), *unlisted])


def update_counts(session: Session, wanted: ListingRows, present: ListingRows) -> None:
    """Invalidate the lists that a change alters, and move the counts of categories and vendors by the difference.

    Rows are locked in the order of their ids, so that two transactions cannot deadlock.
    """
    _invalidate_lists(session, wanted, present)
    categories: Counter[int] = Counter()
    vendors: Counter[tuple[int, str]] = Counter()
    for rows, step in ((wanted, 1), (present, -1)):
        for (category_id, _), row in rows.items():
            categories[category_id] += step
            vendors[category_id, row.vendor] += step
    if deltas := {key: delta for key, delta in sorted(categories.items()) if delta}:
        _count_categories(session, deltas)
        touched = {category_id for category_id, _ in wanted.keys() | present.keys()}
        ranked = read_ranked(session, deltas, touched)
        cache.invalidate_on_commit(session, *changed_tags(ranked, deltas))
        redirect_emptied_categories(session, ranked, wanted, present)
    _count_vendors(session, [(*key, delta) for key, delta in sorted(vendors.items()) if delta])


def ancestors(session: Session, category_ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """Return, for each category id, the ids of that category and of all above it, root first."""
    rows = session.execute(select(Category.id, Category.path).where(Category.id.in_(set(category_ids))))
    paths: dict[int, str] = {row.id: row.path for row in rows}
    above = {path for own in paths.values() for path in ancestor_paths(own)}
    found = session.execute(select(Category.path, Category.id).where(Category.path.in_(above)))
    ids: dict[str, int] = {row.path: row.id for row in found}
    return {key: tuple(ids[path] for path in ancestor_paths(own)) for key, own in paths.items()}


def _refresh_rows(
    session: Session, product_ids: Sequence[int]
) -> tuple[list[ListIndexRow], list[search.SearchedTexts]]:
    """Bring prices and covers on the products' own rows up to date.

    Returns:
        The entries of the listed products, and the searched texts of the others.
    """
    stored = load_facts(session, product_ids)
    changed = {each.facts.product_id: each.prices for each in stored if each.prices != each.stored_prices}
    _set_prices(session, dict(sorted(changed.items())))
    _set_covers(session, product_ids)
    root = session.execute(select(Category.id).where(Category.path == ROOT_PATH)).scalar_one()
    above = ancestors(session, {key for each in stored for key in each.category_ids})
    further = {each.facts.product_id: {place.id for place in each.further} for each in stored}
    old = {each.facts.product_id: each.stored_further for each in stored}
    further_categories.write(session, {key: ids for key, ids in further.items() if ids != old[key]})
    entries = [
        ListIndexRow(
            each.facts.product_id,
            each.facts.row(),
            each.facts.searched_texts(),
            {root}.union(*(above[key] for key in each.category_ids)),
        )
        for each in stored
        if each.facts.is_listed
    ]
    return entries, [each.facts.searched_texts() for each in stored if not each.facts.is_listed]


def _set_prices(session: Session, prices: dict[int, Prices]) -> None:
    if prices:
        session.connection().execute(
            update(Product.__table__)  # type: ignore[arg-type]
            .where(Product.id == bindparam("product_id"))
            .values({name: bindparam(name) for name in Prices._fields} | {"updated_at": Product.updated_at}),
            [{"product_id": product_id, **row._asdict()} for product_id, row in prices.items()],
        )


def _set_covers(session: Session, product_ids: Sequence[int]) -> None:
    """Set each product's cover: its first picture that is stored."""
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
        .values(cover_id=cover, updated_at=Product.updated_at)
        .execution_options(synchronize_session=False)
    )


def _invalidate_lists(session: Session, wanted: ListingRows, present: ListingRows) -> None:
    """Invalidate the lists that these changes can alter: by membership and vendor, price, or name."""
    tags: set[str] = set()
    # A product that moves to another category changes the counts that are printed above both.
    moved = {product_id for _, product_id in wanted.keys() ^ present.keys()}
    listed, before = ({product_id for _, product_id in rows} for rows in (wanted, present))
    # Pages that print a product that is taken down are wrong at once, unlike lists that a product enters.
    tags |= {tag(product_id) for product_id in before - listed for tag in (keys.product_tag, keys.card_tag)}
    added_or_removed = listed ^ before
    tags |= {keys.sitemap_tag(keys.sitemap_part(product_id)) for product_id in added_or_removed}
    for category_id, product_id in wanted.keys() | present.keys():
        if product_id in moved:
            tags.add(keys.category_tag(category_id))
        new, old = wanted.get((category_id, product_id)), present.get((category_id, product_id))
        if new is None or old is None:
            tags.add(keys.category_tag(category_id))  # which the lists by price and by name carry, too
            continue
        if new.vendor != old.vendor:
            tags.add(keys.category_tag(category_id))
        if new.price != old.price:
            tags.add(keys.prices_tag(category_id))
        if new.name_key != old.name_key:
            tags.add(keys.names_tag(category_id))
    cache.invalidate_on_commit(session, *tags)


def _delete_rows(session: Session, keys: Sequence[tuple[int, int]]) -> None:
    if keys:
        session.connection().execute(
            delete(Listing.__table__).where(  # type: ignore[arg-type]
                Listing.category_id == bindparam("c"), Listing.product_id == bindparam("p")
            ),
            [{"c": category_id, "p": product_id} for category_id, product_id in keys],
        )


def _insert_rows(session: Session, rows: ListingRows) -> None:
    if rows:
        session.connection().execute(
            insert(Listing.__table__),  # type: ignore[arg-type]
            [{"category_id": c, "product_id": p, **row._asdict()} for (c, p), row in rows.items()],
        )


def _count_categories(session: Session, deltas: Mapping[int, int]) -> None:
    session.connection().execute(
        update(Category.__table__)  # type: ignore[arg-type]
        .where(Category.id == bindparam("c"))
        .values(product_count=Category.product_count + bindparam("d")),
        [{"c": category_id, "d": delta} for category_id, delta in deltas.items()],
    )


def _count_vendors(session: Session, deltas: Sequence[tuple[int, str, int]]) -> None:
    if not deltas:
        return
    connection = session.connection()
    upsert = insert_function(connection)(ListingVendor)
    connection.execute(
        upsert.on_conflict_do_update(
            index_elements=["category_id", "vendor"],
            set_={"products": ListingVendor.products + upsert.excluded.products},
        ),
        [{"category_id": c, "vendor": vendor, "products": delta} for c, vendor, delta in deltas],
    )
