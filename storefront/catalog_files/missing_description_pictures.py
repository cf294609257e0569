"""Pictures that descriptions name and the shop does not have: find and store them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sqlalchemy import select

from storefront.batches import batches
from storefront.catalog import picture_queue
from storefront.catalog.description_pictures import find_sources, source_key
from storefront.catalog.models import DescriptionPicture, Product
from storefront.catalog.pictures import StoredPicture
from storefront.extensions import db, write_transaction

PRODUCTS = 100  # whose descriptions are read at once
BATCH = 40  # pictures that one transaction writes: what is lost if the command is stopped


def store_named_in_descriptions(
    is_wanted: Callable[[str], bool], load: Callable[[Sequence[str]], list[StoredPicture | str]]
) -> Iterator[tuple[str, str | None]]:
    """Store missing pictures of descriptions; yield each source once, with None or the failure's reason.

    Args:
        is_wanted: returns whether a source is one of those to load.
        load: returns for each source the stored picture, or why there is none.
    """
    failed: set[str] = set()  # keys: a banner that is gone may be in every description
    for batch in batches(_named_sources(is_wanted), BATCH):
        named = {key: source for key, source in batch if key not in failed}
        known = select(DescriptionPicture.key).where(DescriptionPicture.key.in_(named))
        for key in db.session.execute(known).scalars():
            del named[key]
        db.session.rollback()  # no transaction stays open meanwhile
        results = dict(zip(named.values(), load(list(named.values())), strict=True))
        with write_transaction() as session:
            stored = (found.digest for found in results.values() if isinstance(found, StoredPicture))
            picture_queue.enqueue(session, stored)
            for source, found in results.items():
                if isinstance(found, StoredPicture):
                    session.merge(
                        DescriptionPicture(
                            key=source_key(source),
                            source=source,
                            digest=found.digest,
                            width=found.width,
                            height=found.height,
                        )
                    )
        for source, found in results.items():
            if isinstance(found, str):
                failed.add(source_key(source))
            yield source, found if isinstance(found, str) else None


def is_web_address(source: str) -> bool:
    """Return whether a description names a picture of another site, and not a file."""
    return "://" in source or source.startswith(("//", "data:"))


def _named_sources(is_wanted: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """Yield key and source of each picture that a description names, product by product."""
    last = 0
    while True:
        rows = db.session.execute(
            select(Product.id, Product.description_html)
            .where(Product.id > last, Product.description_html.contains("<img"))
            .order_by(Product.id)
            .limit(PRODUCTS)
        ).all()
        db.session.rollback()
        if not rows:
            return
        for row in rows:
            yield from (pair for pair in find_sources(row.description_html).items() if is_wanted(pair[1]))
        last = rows[-1].id
