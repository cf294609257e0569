"""Write drafts to the database: creates products, changes them, or leaves equal ones as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from storefront.catalog import categories, pictures
from storefront.catalog.models import Product, ProductImage, Variant
from storefront.catalog.picture_folder import find_picture
from storefront.catalog.pictures import PictureError
from storefront.catalog_files.drafts import ImportProblem, ProductDraft, VariantDraft
from storefront.stock import StockItem, set_on_hand

Outcome = dict[str, int]
ReportProblem = Callable[[ImportProblem], None]


class DraftWriter:
    """Writes batches of drafts in the caller's transaction, and counts the outcomes.

    Args:
        media_dir: the directory of stored pictures.
        images: the folder of pictures that are named by relative paths; None: do not store any.
        refuse: called with each row that cannot be used.
        note: called with each problem that the import works around.

    """

    def __init__(
        self, media_dir: Path, images: Path | None, refuse: ReportProblem, note: ReportProblem
    ) -> None:
        self._media_dir = media_dir
        self._images = images.resolve() if images else None
        self._refuse, self._note = refuse, note
        self._category_ids: dict[tuple[str, ...], int] = {}
        self.outcome: Outcome = {"created": 0, "changed": 0, "left": 0}

    def write(self, session: Session, drafts: Sequence[ProductDraft]) -> list[int]:
        """Write the drafts; return the ids of the products that were created or changed."""
        slugs = [draft.values["slug"] for draft in drafts]
        query = select(Product).where(Product.slug.in_(slugs))
        loaded = session.execute(
            query.options(selectinload(Product.variants), selectinload(Product.images))
        ).scalars()
        present = {product.slug: product for product in loaded}
        skus = [v.values["sku"] for draft in drafts for v in draft.variants]
        owners = {
            row.sku: row.slug
            for row in session.execute(
                select(Variant.sku, Product.slug).join(Product).where(Variant.sku.in_(skus))
            )
        }
        ids = [product.id for product in present.values()]
        items = (
            session.execute(select(StockItem).where(StockItem.product_id.in_(ids))).scalars() if ids else ()
        )
        stock = {item.variant_id: item for item in items}
        touched: list[tuple[Product, ProductDraft]] = []
        for draft in drafts:
            if self._drop_foreign_skus(draft, owners):
                touched += self._write_product(session, draft, present.get(draft.values["slug"]), stock)
        session.flush()
        for product, draft in touched:
            _write_stock(session, product, draft, stock)
        session.flush()
        return [product.id for product, _ in touched]

    def forget_categories(self) -> None:
        """Forget the ids of categories: the transaction that created some was rolled back."""
        self._category_ids.clear()

    def _drop_foreign_skus(self, draft: ProductDraft, owners: dict[str, str]) -> bool:
        own: list[VariantDraft] = []
        for variant in draft.variants:
            sku = variant.values["sku"]
            if owners.get(sku, draft.values["slug"]) == draft.values["slug"]:
                own.append(variant)
                continue
            self._refuse(
                ImportProblem(
                    variant.line, "SKU", f"{sku!r} belongs to the product {owners[sku]!r} of this shop"
                )
            )
        draft.variants = own
        if not draft.variants:
            title = draft.values["title"]
            self._refuse(
                ImportProblem(draft.line, "SKU", f"no variant of {title!r} is left, so it was left out")
            )
        return bool(draft.variants)

    def _write_product(
        self, session: Session, draft: ProductDraft, product: Product | None, stock: dict[int, StockItem]
    ) -> list[tuple[Product, ProductDraft]]:
        values = draft.values | {"category_id": self._category_id(session, draft.category)}
        if product is None:
            product = Product(**values)
            session.add(product)
            outcome, changed = "created", True
        else:
            outcome, changed = "changed", _set(product, values)
        changed = self._write_pictures(product, draft) or changed
        changed = _write_variants(session, product, draft, stock) or changed
        self.outcome[outcome if changed else "left"] += 1
        return [(product, draft)] if changed else []

    def _category_id(self, session: Session, path: tuple[str, ...]) -> int | None:
        if not path:
            return None
        if path not in self._category_ids:
            self._category_ids[path] = categories.get_or_create(session, path).id
        return self._category_ids[path]

    def _write_pictures(self, product: Product, draft: ProductDraft) -> bool:
        present = {image.source: image for image in product.images}
        wanted = {source for source, _, _ in draft.images}
        changed = False
        for image in [i for i in product.images if i.source not in wanted]:
            product.images.remove(image)
            changed = True
        for place, (source, alt, extra) in enumerate(draft.images, 1):
            if source in present:
                image = present[source]
            else:
                image = ProductImage(source=source, digest=None, width=0, height=0)
                product.images.append(image)
                changed = True
            changed = _set(image, {"position": place, "alt": alt, "extra": extra}) or changed
            if image.digest is None and self._store_picture(image, draft.line):
                changed = True
        return changed

    def _store_picture(self, image: ProductImage, line: int) -> bool:
        if self._images is None or "://" in image.source:
            return False
        file = (self._images / image.source).resolve()
        if not file.is_relative_to(self._images):
            self._refuse(
                ImportProblem(
                    line, "Product image URL", f"{image.source!r} is outside of the pictures' folder"
                )
            )
            return False
        try:
            found = find_picture(self._images, image.source) or file
            stored = pictures.store(pictures.read_file(found), self._media_dir)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            self._note(ImportProblem(line, "Product image URL", f"{image.source!r} cannot be read: {why}"))
            return False
        except PictureError as error:
            self._note(ImportProblem(line, "Product image URL", f"{image.source!r}: {error}"))
            return False
        image.digest, image.width, image.height = stored.digest, stored.width, stored.height
        return True


def _write_variants(
    session: Session, product: Product, draft: ProductDraft, stock: dict[int, StockItem]
) -> bool:
    present = {variant.sku: variant for variant in product.variants}
    wanted = {v.values["sku"] for v in draft.variants}
    images = {image.source: image for image in product.images}
    changed = False
    given_options = {tuple(filter(None, (v.values[f"option{n}"] for n in (1, 2, 3)))) for v in draft.variants}
    refused = draft.refused - given_options
    gone = [
        v
        for v in product.variants
        if v.sku not in wanted and v.options not in refused and (v.sku,) not in refused
    ]
    for variant in gone:
        if variant.id in stock:
            session.delete(stock.pop(variant.id))
        product.variants.remove(variant)
        changed = True
    if gone:
        session.flush()  # frees their option values for other variants
    for given in draft.variants:
        if given.values["sku"] in present:
            variant = present[given.values["sku"]]
        else:
            variant = Variant(**given.values)
            product.variants.append(variant)
            changed = True
        changed = _set(variant, given.values | {"image": images.get(given.image)}) or changed
        item = stock.get(variant.id) if variant.id else None
        changed = changed or item is None or (item.tracked, item.on_hand) != (given.tracked, given.on_hand)
    return changed


def _write_stock(
    session: Session, product: Product, draft: ProductDraft, stock: dict[int, StockItem]
) -> None:
    drafts = {given.values["sku"]: given for given in draft.variants}
    for variant in product.variants:
        given, item = drafts[variant.sku], stock.get(variant.id)
        if item is None:
            item = StockItem(sku=variant.sku, variant_id=variant.id, product_id=product.id, reserved=0)
            item.tracked, item.on_hand = given.tracked, given.on_hand
            session.add(item)
            continue
        if item.tracked != given.tracked:
            item.tracked, item.version = given.tracked, item.version + 1
            session.flush()
        if item.on_hand != given.on_hand:
            # Stock that is reserved for open orders stays on hand, even if the file has less.
            set_on_hand(session, variant.sku, given.on_hand, reason="import")


def _set(row: Any, values: dict[str, Any]) -> bool:
    """Set the values that differ; return whether any did."""
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    return bool(changed)
