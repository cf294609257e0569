"""Rebuild the search index in batches, when its format or the shop's language has changed.

The old one answers meanwhile, and changes of products are written to both. Ctrl-C, a kill or a restart loses at most
one batch. Several processes may work on it at once: each batch locks the row that says how far the rebuild is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from storefront import cache
from storefront.catalog.list_index import stored_facts
from storefront.catalog.list_index.derivation import NAME_KEY_LENGTH
from storefront.catalog.models import Listing, Product
from storefront.catalog.search import first_format, index
from storefront.catalog.search.index import Target
from storefront.catalog.search.models import SearchIndex, SearchRebuild
from storefront.extensions import db, insert_function, run_again, write_transaction
from storefront.postgresql import allow_long_statements
from storefront.shop_cache import keys
from storefront.terminal import Progress

BATCH = 500  # products in one transaction


def is_needed() -> bool:
    """Return whether the index has another version than it should, or a rebuild was not finished."""
    state = db.session.execute(select(SearchIndex.version, SearchIndex.next_table)).one_or_none()
    db.session.rollback()
    return state is not None and (state.version != index.current_version() or state.next_table is not None)


def rebuild(progress: Progress | None = None) -> None:
    """Rebuild the search index if that is needed, or go on with it.

    Args:
        progress: called after each batch with the number of products that are done, and of all.
    """
    run_again(_begin)
    done, total = _count_products()
    while written := run_again(_build_batch):
        done += written
        if progress:
            progress(done, max(done, total))


def _count_products() -> tuple[int, int]:
    """Return how many products an unfinished rebuild has done, and of how many. Once: to count is slow."""
    last = select(SearchRebuild.last_product_id).scalar_subquery()
    done = select(func.count()).where(Product.id <= last).scalar_subquery()
    counts = db.session.execute(select(done, select(func.count(Product.id)).scalar_subquery())).one()
    db.session.rollback()
    return counts[0], counts[1]


def _begin() -> None:
    """Decide which table is built for which version. An unfinished rebuild of the wanted version goes on."""
    wanted = index.current_version()
    with write_transaction() as session:
        allow_long_statements(session)
        _lock_progress(session)
        state = session.execute(_state().with_for_update()).scalar_one_or_none()
        if state is None:
            return  # without products there is nothing to build
        if state.version == wanted:
            state.next_table, state.next_version = None, ""
        elif state.next_version != wanted:
            other = next(number for number in index.TABLES if number != state.table_number)
            index.clear(session, index.TABLES[other])
            state.next_table, state.next_version = other, wanted
            session.execute(update(SearchRebuild).values(last_product_id=0))


def _build_batch() -> int:
    """Write the next products to the table that is built; return how many, 0 at the end."""
    with write_transaction() as session:
        allow_long_statements(session)
        last = _lock_progress(session)
        state = session.execute(_state()).scalar_one_or_none()
        if state is None or state.next_table is None:
            return 0  # another process has finished
        following = select(Product.id).where(Product.id > last).order_by(Product.id).limit(BATCH)
        ids = session.execute(following).scalars().all()
        if not ids:
            _finish(session)
            return 0
        _write(session, Target(index.TABLES[state.next_table], state.next_version, state.words_id), ids)
        session.execute(update(SearchRebuild).values(last_product_id=ids[-1]))
    return len(ids)


def _write(session: Session, target: Target, product_ids: Sequence[int]) -> None:
    facts = [each.facts for each in stored_facts.load_facts(session, product_ids)]
    texts = index.with_translations(session, [each.searched_texts() for each in facts])
    index.write_documents(session, target, texts, keep=True)
    for each in facts:
        if not each.is_listed:
            continue
        # The order "name" is made of the same words.
        key = each.row().name_key
        if " ".join(first_format.words(each.title))[:NAME_KEY_LENGTH] != key:
            _set_name_key(session, each.product_id, key)


def _set_name_key(session: Session, product_id: int, name_key: str) -> None:
    changed = session.execute(
        update(Listing)
        .where(Listing.product_id == product_id, Listing.name_key != name_key)
        .values(name_key=name_key)
        .returning(Listing.category_id)
        .execution_options(synchronize_session=False)
    ).scalars()
    cache.invalidate_on_commit(session, *map(keys.names_tag, changed))


def _finish(session: Session) -> None:
    """Let the new table answer. The old one keeps its documents, for requests that have begun to read it."""
    state = session.execute(_state().with_for_update()).scalar_one()
    if state.next_table is not None:
        state.table_number, state.version = state.next_table, state.next_version
        state.next_table, state.next_version = None, ""
        cache.invalidate_on_commit(session, keys.SEARCH)


def _state() -> Any:
    return select(SearchIndex).execution_options(populate_existing=True)


def _lock_progress(session: Session) -> int:
    """Lock the row of the rebuild, so that no other process takes the same products; return the last one's id.

    It is locked before the index's own row, in every transaction that needs both.
    """
    connection = session.connection()
    connection.execute(insert_function(connection)(SearchRebuild).values(id=1).on_conflict_do_nothing())
    return session.execute(select(SearchRebuild.last_product_id).with_for_update()).scalar_one()
