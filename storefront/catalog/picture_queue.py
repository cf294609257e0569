"""Renditions that are made in the background: a row for each picture says which it has, and when to make the others.

Pages offer the renditions that the row names, so a page never names a file that does not exist. When a picture has
all its renditions, the pages that show it are invalidated.
"""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from flask import Flask, current_app
from sqlalchemy import exists, select, union
from sqlalchemy.orm import Session

from storefront import periodic
from storefront.background.due_queue import Attempt, DueQueue, Outcome
from storefront.batches import batches
from storefront.cache import invalidate_on_commit
from storefront.cache.invalidation import MAX_TAGS
from storefront.catalog import pictures
from storefront.catalog.models import (
    Category,
    DescriptionPicture,
    PagePicture,
    ProductImage,
    RenditionSet,
)
from storefront.catalog.picture_renditions import Rendition
from storefront.catalog.pictures import PictureError
from storefront.extensions import connection_of, db, insert_function, write_transaction
from storefront.shop_cache import keys

log = logging.getLogger(__name__)

TASK = "picture-renditions"
# So many pictures, then a pause of so many seconds: the shop's own work has the larger part of each core.
AT_ONCE, INTERVAL = 8, 10.0
BACKOFF = (300, 3600, 86_400)  # seconds between attempts
BATCH = 500
_queue = DueQueue(
    model=RenditionSet,
    key=RenditionSet.digest,
    due_at=RenditionSet.due_at,
    attempts=RenditionSet.attempts,
    query=select(RenditionSet.digest, RenditionSet.due_at, RenditionSet.attempts),
    backoff=BACKOFF,
    batch=AT_ONCE,
)


def init_app(app: Flask) -> None:
    """Make renditions in every serving process; one process of a machine at a time does."""
    if app.config["PICTURES_IN_BACKGROUND"]:
        periodic.add_task(app, TASK, make_due, interval=INTERVAL)


def enqueue(session: Session, digests: Iterable[str | None]) -> None:
    """Enqueue these stored pictures, in the session's transaction, for all their renditions; skip None."""
    connection = connection_of(session)
    insert = insert_function(connection)(RenditionSet).on_conflict_do_nothing(index_elements=["digest"])
    for batch in batches(dict.fromkeys(filter(None, digests)), BATCH):
        connection.execute(insert, [{"digest": digest} for digest in batch])


def make_due() -> None:
    """Make the renditions of a few pictures that are due."""
    with _machine_lock() as is_free:
        if is_free:
            _queue.run(_make)


def make(digest: str) -> None:
    """Make the renditions of a picture that are missing, and let pages show them.

    Raises:
        PictureError: no file of it is stored, or it cannot be used.
    """
    made = pictures.make_all(digest, _media_dir())
    with write_transaction() as session:
        session.merge(RenditionSet(digest=digest, due_at=None, **_columns(made)))
        invalidate_on_commit(session, *_tags(session, digest), cause="picture renditions")


def find_unmade() -> list[str]:
    """Return the digests of all stored pictures that have not all renditions, in order."""
    of_products = select(ProductImage.digest).where(ProductImage.digest.is_not(None))
    of_categories = select(Category.picture_digest).where(Category.picture_digest.is_not(None))
    others = select(DescriptionPicture.digest), select(PagePicture.digest)
    stored = union(of_products, of_categories, *others).subquery()
    made = exists().where(RenditionSet.digest == stored.c.digest, RenditionSet.avif != "")
    found = db.session.scalars(select(stored.c.digest).where(~made).order_by(stored.c.digest)).all()
    db.session.rollback()  # making them takes long: no transaction stays open meanwhile
    return list(found)


def _make(attempt: Attempt) -> Outcome:
    try:
        make(attempt.row.digest)
    except (PictureError, OSError) as error:
        log.warning("renditions of a picture cannot be made: %s", error)
        return Outcome(succeeded=False)
    return Outcome(succeeded=True)


def _columns(made: Sequence[Rendition]) -> dict[str, str]:
    return {
        kind: " ".join(str(each.width) for each in made if each.format == kind) for kind in ("webp", "avif")
    }


def _tags(session: Session, digest: str) -> set[str]:
    """Return the tags of all pages that show a picture."""
    # Of more tags a commit invalidates all pages of products and all lists, so more rows would change nothing.
    of_products = select(ProductImage.product_id).where(ProductImage.digest == digest).distinct()
    named = select(DescriptionPicture.key).where(DescriptionPicture.digest == digest)
    product_ids = session.scalars(of_products.limit(MAX_TAGS + 1)).all()
    tags = {tag(product_id) for product_id in product_ids for tag in (keys.product_tag, keys.card_tag)}
    tags |= set(map(keys.description_picture_tag, session.scalars(named.limit(MAX_TAGS + 1))))
    # The front page, which has the tag of the root, shows those of top categories.
    shown = select(Category.id, Category.parent_id).where(Category.picture_digest == digest)
    ids = {key for row in session.execute(shown.limit(MAX_TAGS + 1)) for key in row if key is not None}
    if session.get(PagePicture, digest) is not None:
        tags |= {keys.FRONT_PAGE, keys.description_picture_tag(digest)}
    return tags | set(map(keys.category_tag, ids))


@contextmanager
def _machine_lock() -> Iterator[bool]:
    """Acquire the machine's lock for making renditions until the block ends; yield whether it was free."""
    folder = _media_dir()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".renditions.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _media_dir() -> Path:
    return Path(current_app.config["MEDIA_DIR"])
