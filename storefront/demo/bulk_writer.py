"""Write generated products to the database in batches, with each database's fastest statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from storefront.actors import actor_text
from storefront.batches import batches
from storefront.catalog import categories, picture_queue, search
from storefront.catalog.list_index import writer
from storefront.catalog.list_index.derivation import ListingRow, name_key
from storefront.catalog.list_index.writer import ListIndexRow
from storefront.catalog.models import Product, ProductImage, Variant
from storefront.catalog.pictures import StoredPicture
from storefront.catalog.slugs import slugify
from storefront.demo import generator
from storefront.demo.generator import GeneratedProduct
from storefront.errors import StorefrontError
from storefront.extensions import db, write_transaction
from storefront.money import minor_units
from storefront.postgresql import allow_long_statements
from storefront.stock import StockItem

BATCH = 5000


class SeedUsedError(StorefrontError):
    """The shop has products of this seed already."""

    def __init__(self, seed: int) -> None:
        super().__init__(
            f"Products of the seed {seed} are in this shop already; nothing was changed. "
            "Choose another: flask demo --products N --seed S"
        )


@dataclass
class BatchRows:
    """The rows of a batch by table, as tuples for the database driver."""

    product: list[tuple[Any, ...]] = field(default_factory=list)
    product_image: list[tuple[Any, ...]] = field(default_factory=list)
    variant: list[tuple[Any, ...]] = field(default_factory=list)
    stock_item: list[tuple[Any, ...]] = field(default_factory=list)
    entries: list[ListIndexRow] = field(default_factory=list)


COLUMNS = {
    "product": "id slug title description_html vendor product_type tags status seo_title seo_description category_id "
    "option_names extra created_at updated_at price price_max compare_at_price cover_id changed_by",
    "product_image": "id product_id position alt source digest width height extra changed_by",
    "variant": "id product_id sku label option1 option2 option3 price compare_at_price barcode weight_grams position "
    "backorder image_id extra changed_by",
    "stock_item": "id sku variant_id product_id tracked on_hand reserved low_threshold version opening changed_by",
}


def write_generated(
    number: int, seed: int, currency: str, pictures: Sequence[StoredPicture]
) -> Iterator[int]:
    """Write `number` products of a seed; yield the size of each batch after its commit.

    Raises:
        SeedUsedError: the shop has products of this seed; nothing has been changed.
    """
    with write_transaction() as session:
        if session.execute(select(Variant.id).where(Variant.sku == _sku(seed, 1, 0))).first():
            raise SeedUsedError(seed)
        shelves = [_category(session, kind.path) for kind in generator.list_kinds()]
        picture_queue.enqueue(session, (picture.digest for picture in pictures))
    made = generator.generate_products(number, seed)
    scale = 10.0 ** (minor_units(currency) - 2)
    for batch in batches(made, BATCH):
        with write_transaction() as session:
            _raise_limits(session)
            rows = _build_rows(batch, seed, shelves, scale, pictures, _next_ids(session))
            for table, columns in COLUMNS.items():
                _insert_rows(session, table, columns.split(), getattr(rows, table))
            writer.write(session, rows.entries, fresh=True)
            _advance_sequences(session)
        db.session.remove()
        yield len(batch)


def _category(session: Session, path: Sequence[str]) -> tuple[int, tuple[int, ...]]:
    leaf = categories.get_or_create(session, path)
    return leaf.id, writer.ancestors(session, [leaf.id])[leaf.id]


def _sku(seed: int, number: int, place: int) -> str:
    return f"G{seed}-{number:07d}-{place + 1}"


def _build_rows(
    batch: Sequence[GeneratedProduct],
    seed: int,
    shelves: Sequence[tuple[int, tuple[int, ...]]],
    scale: float,
    pictures: Sequence[StoredPicture],
    ids: dict[str, int],
) -> BatchRows:
    rows, now, encode = BatchRows(), datetime.now(UTC).isoformat(sep=" "), msgspec.json.encode
    actor = actor_text()
    product_id, image_id, variant_id, stock_id = (ids[t] for t in COLUMNS)
    for made in batch:
        prices = [max(1, round(v.price * scale)) for v in made.variants]
        was = [round(v.was * scale) if v.was else None for v in made.variants]
        leaf, above = shelves[made.kind]
        cover = None
        if pictures:
            stored, cover = pictures[made.kind % len(pictures)], image_id
            rows.product_image.append(
                (
                    image_id,
                    product_id,
                    1,
                    made.title,
                    "",
                    stored.digest,
                    stored.width,
                    stored.height,
                    "{}",
                    actor,
                )
            )
            image_id += 1
        cheapest = prices.index(min(prices))
        rows.product.append(
            (
                product_id,
                f"{slugify(made.title)}-{seed}-{made.number}",
                made.title,
                made.text,
                made.vendor,
                made.material.capitalize(),
                encode([made.material]).decode(),
                "active",
                "",
                "",
                leaf,
                encode(made.options).decode(),
                "{}",
                now,
                now,
                min(prices),
                max(prices),
                was[cheapest],
                cover,
                actor,
            )
        )
        skus: list[str] = []
        options: dict[str, None] = {}
        for place, variant in enumerate(made.variants):
            sku = _sku(seed, made.number, place)
            option1, option2 = (*variant.options, "", "")[:2]
            rows.variant.append(
                (
                    variant_id,
                    product_id,
                    sku,
                    sku,
                    option1,
                    option2,
                    "",
                    prices[place],
                    was[place],
                    "",
                    variant.grams,
                    place + 1,
                    False,
                    cover,
                    "{}",
                    actor,
                )
            )
            rows.stock_item.append(
                (
                    stock_id,
                    sku,
                    variant_id,
                    product_id,
                    True,
                    variant.on_hand,
                    0,
                    5,
                    1,
                    variant.on_hand,
                    actor,
                )
            )
            skus.append(sku)
            options |= dict.fromkeys(variant.options)
            variant_id, stock_id = variant_id + 1, stock_id + 1
        rows.entries.append(
            ListIndexRow(
                product_id,
                ListingRow(min(prices), name_key(made.title), made.vendor),
                search.SearchedTexts(product_id, made.title, (made.vendor, *options), tuple(skus)),
                above,
            )
        )
        product_id += 1
    return rows


def _next_ids(session: Session) -> dict[str, int]:
    models = {"product": Product, "product_image": ProductImage, "variant": Variant, "stock_item": StockItem}
    return {name: (session.execute(select(func.max(m.id))).scalar() or 0) + 1 for name, m in models.items()}  # type: ignore[attr-defined]


def _insert_rows(
    session: Session, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert rows by the fastest statement of each database: executemany on SQLite, COPY on PostgreSQL."""
    if not rows:
        return
    connection, names = session.connection(), ", ".join(columns)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(rows))
    else:
        driver: Any = connection.connection.driver_connection
        with driver.cursor().copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def _raise_limits(session: Session) -> None:
    """Allow a batch more time and memory than a page; the connection is closed after it."""
    if session.connection().dialect.name == "postgresql":
        allow_long_statements(session)
    else:
        session.execute(text("PRAGMA cache_size = -400000"))  # kB: the rows touch pages all over the indexes


def _advance_sequences(session: Session) -> None:
    """Set PostgreSQL's sequences behind the ids that were inserted here."""
    if session.connection().dialect.name == "postgresql":
        for table in COLUMNS:
            session.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id) + 1, false) FROM {table}"
                )
            )
