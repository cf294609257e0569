"""Pictures that the shop knows only by their sources: find and store them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sqlalchemy import ColumnElement, select, update

from storefront.actors import actor_text
from storefront.catalog import picture_queue
from storefront.catalog.list_index import writer
from storefront.catalog.models import ProductImage
from storefront.catalog.pictures import StoredPicture
from storefront.catalog_files.missing_description_pictures import (
    is_web_address,
    store_named_in_descriptions,
)
from storefront.change_sets.picture_files import PictureFolder
from storefront.extensions import db, write_transaction

BATCH = 100


def read_missing(media_dir: Path, images: Path) -> Iterator[tuple[str, str | None]]:
    """Store every missing picture that is named by a file; yield each source with None or the failure's reason."""
    folder = PictureFolder(images, media_dir)

    def load(sources: Sequence[str]) -> list[StoredPicture | str]:
        folder.forget()
        return [folder.load(source) or "it is not the name of a file" for source in sources]

    yield from store_missing(~ProductImage.source.like("%://%") & (ProductImage.source != ""), load)
    yield from store_named_in_descriptions(lambda source: not is_web_address(source), load)


def store_missing(
    is_wanted: ColumnElement[bool], load: Callable[[Sequence[str]], list[StoredPicture | str]]
) -> Iterator[tuple[str, str | None]]:
    """Store missing pictures; yield each source with None or the failure's reason.

    Args:
        is_wanted: which of them.
        load: returns for each source the stored picture, or why there is none.
    """
    last = 0
    while True:
        results, last = store_batch(is_wanted, load, after=last, most=BATCH)
        if not results:
            return
        yield from results


def store_batch(
    is_wanted: ColumnElement[bool],
    load: Callable[[Sequence[str]], list[StoredPicture | str]],
    *,
    after: int,
    most: int,
) -> tuple[list[tuple[str, str | None]], int]:
    """Store the next missing pictures, in the order of their ids.

    Args:
        is_wanted: which of them.
        load: returns for each source the stored picture, or why there is none.
        after: the id behind which they begin.
        most: how many at once.

    Returns:
        Each source with None or the failure's reason, and the last id. No source: there are no more.
    """
    wanted = (
        select(ProductImage.id, ProductImage.product_id, ProductImage.source)
        .where(ProductImage.id > after, ProductImage.digest.is_(None), is_wanted)
        .order_by(ProductImage.id)
        .limit(most)
    )
    rows = db.session.execute(wanted).all()
    db.session.rollback()  # no transaction stays open meanwhile
    if not rows:
        return [], after
    results = load([row.source for row in rows])
    pairs = list(zip(rows, results, strict=True))
    found = {row.id: (row.product_id, one) for row, one in pairs if isinstance(one, StoredPicture)}
    if found:
        _write(found)
    return [(row.source, one if isinstance(one, str) else None) for row, one in pairs], rows[-1].id


def _write(found: dict[int, tuple[int, StoredPicture]]) -> None:
    with write_transaction() as session:
        for image_id, (_, stored) in found.items():
            values = {
                "digest": stored.digest,
                "width": stored.width,
                "height": stored.height,
                "changed_by": actor_text(),
            }
            session.execute(update(ProductImage).where(ProductImage.id == image_id).values(values))
        picture_queue.enqueue(session, (stored.digest for _, stored in found.values()))
        writer.refresh(session, {product_id for product_id, _ in found.values()})
