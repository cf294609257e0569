"""Changing a product by one request: all of it or nothing, under a lock, by the models' and the stock's own verbs."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import current_app
from msgspec import UNSET
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront import stock
from storefront.api import reading
from storefront.api.problems import RefusedError
from storefront.api.shapes import Fault, Price, Product, ProductPatch, ProductPut
from storefront.api.tokens import Caller
from storefront.catalog import following, listing, models
from storefront.catalog.frame import NotInShopError
from storefront.catalog.sanitise import sanitise
from storefront.extensions import writing
from storefront.stock import Level, Levels, Movement, StockItem

_PLACES = ("option1", "option2", "option3")
# Given the product as everybody and as the caller sees it (None: not at all); refuses what it was not made for.
Condition = Callable[[Product | None, Product], None]


@dataclass(slots=True)
class _Loaded:
    """A product's rows, locked, and what will become of its stock."""

    row: models.Product
    category: tuple[str | None, str | None]
    images: Sequence[models.ProductImage]
    variants: dict[str, models.Variant]
    items: dict[str, StockItem]
    wanted: dict[str, int] = field(default_factory=dict)  # stock by SKU

    def available(self, sku: str) -> int | None:
        item = self.items.get(sku)
        return None if item is None or not item.tracked else item.available

    def document(self, display: stock.queries.Display) -> Product:
        levels = {
            item.variant_id: Level(
                self.wanted.get(sku, item.available) if item.tracked else None, item.low_threshold
            )
            for sku, item in self.items.items()
        }
        variants = sorted(self.variants.values(), key=lambda v: (v.position, v.id))
        return reading.document(self.row, self.category, variants, self.images, Levels(levels, {}), display)


def change(
    product_id: int, given: ProductPut | ProductPatch, caller: Caller, condition: Condition
) -> Product:
    """Make a product what is given; return it as the caller may see it.

    Raises:
        RefusedError: 409, 412 or 422; the text and the faults say why. Nothing has been changed.
        NotInShopError: there is no such product.
    """
    display = reading.display_for(caller)
    try:
        with writing() as session:
            loaded = _load(session, product_id)
            shown = loaded.row.status == "active" and bool(loaded.variants)
            public = loaded.document(current_app.config["STOCK_DISPLAY"]) if shown else None
            condition(public, loaded.document(display))
            stays = _apply(session, loaded, given, caller)
            if stays:
                return loaded.document(display)
            listing.refresh(session, [product_id])
    except IntegrityError as error:
        raise RefusedError(
            409, "A slug or SKU is another product's already, or two variants would have the same options."
        ) from error
    return reading.several([product_id], display)[0]


def _load(session: Session, product_id: int) -> _Loaded:
    rows = session.execute(
        select(models.Product, models.Category.path, models.Category.name, models.ProductImage)
        .outerjoin(models.Category, models.Category.id == models.Product.category_id)
        .outerjoin(models.ProductImage, models.ProductImage.product_id == models.Product.id)
        .where(models.Product.id == product_id)
        .order_by(models.ProductImage.position, models.ProductImage.id)
        .with_for_update(of=models.Product)
        .execution_options(populate_existing=True)
    ).all()
    if not rows:
        raise NotInShopError(f"There is no product {product_id}.")
    pairs = session.execute(
        select(models.Variant, StockItem)
        .outerjoin(StockItem, StockItem.variant_id == models.Variant.id)
        .where(models.Variant.product_id == product_id)
        .order_by(models.Variant.sku)
        .with_for_update(of=models.Variant)
        .execution_options(populate_existing=True)
    ).all()
    images = [row.ProductImage for row in rows if row.ProductImage is not None]
    variants = {row.Variant.sku: row.Variant for row in pairs}
    items = {row.Variant.sku: row.StockItem for row in pairs if row.StockItem is not None}
    return _Loaded(rows[0].Product, (rows[0].path, rows[0].name), images, variants, items)


def _apply(session: Session, loaded: _Loaded, given: ProductPut | ProductPatch, caller: Caller) -> bool:
    """Change the rows; return whether the product stays where lists have it, so that little has to follow."""
    row, before = loaded.row, (loaded.row.title, loaded.row.price)
    kept = (row.status, row.vendor, row.category_id)
    words = _words(loaded)
    whole = isinstance(given, ProductPut)
    _check(loaded, given, whole=whole)
    for name in ("title", "status", "vendor"):
        if (value := getattr(given, name)) is not UNSET and getattr(row, name) != value:
            setattr(row, name, value)
    if given.description_html is not UNSET and row.description_html != given.description_html:
        row.description_html = sanitise(str(given.description_html))
    _categorise(session, loaded, given.category)
    _rename(session, row, given.slug)
    places = _options(loaded, given)
    moved = _remove(session, loaded, given) if whole else False
    for number, wanted in enumerate(given.variants):
        moved = _variant(session, loaded, wanted, places, number) or moved
    _single(loaded, given)
    following.settle_prices(row, list(loaded.variants.values()))
    session.flush()
    _restock(session, loaded, caller)
    if moved or not (
        row.status == "active" and before[1] is not None and kept == (row.status, row.vendor, row.category_id)
    ):
        return False
    following.follow(
        session, row, list(loaded.variants.values()), loaded.category[1] or "",
        title=before[0], price=before[1], words=words != _words(loaded),
    )  # fmt: skip
    return True


def _words(loaded: _Loaded) -> Any:
    variants = [(v.sku, v.options) for v in loaded.variants.values()]
    return loaded.row.title, loaded.row.description_html, variants


def _check(loaded: _Loaded, given: ProductPut | ProductPatch, *, whole: bool) -> None:
    """Refuse what cannot be, all faults at once."""
    faults, seen = [], set()
    currency = current_app.config["CURRENCY"]
    prices: list[tuple[Any, str]] = [(given.price, "/price")]
    variants: list[Any] = list(given.variants)
    for number, variant in enumerate(variants):
        at = f"/variants/{number}"
        if variant.sku in seen:
            faults.append(Fault("This SKU stands twice.", f"{at}/sku"))
        seen.add(variant.sku)
        if variant.sku not in loaded.variants:
            if not whole:
                faults.append(Fault("The product has no such variant; PUT can add one.", f"{at}/sku"))
            elif not plain(variant.sku):
                faults.append(
                    Fault("A SKU holds visible characters alone, in their simplest form.", f"{at}/sku")
                )
        prices += [(variant.price, f"{at}/price"), (variant.compare_at_price, f"{at}/compare_at_price")]
    faults += [
        Fault(f"Prices of this shop are in {currency}.", f"{at}/currency")
        for price, at in prices
        if isinstance(price, Price) and price.currency != currency
    ]
    if given.title is not UNSET and not str(given.title).strip():
        faults.append(Fault("A product needs a title.", "/title"))
    if faults:
        raise RefusedError(422, "The body is not what this product can become.", *faults)


def plain(sku: str) -> bool:
    """Return whether a text has no character that could be taken for another text's: none unseen, none compatible."""
    folded = unicodedata.normalize("NFKC", sku)
    return sku == folded == sku.strip() and all(
        unicodedata.category(c)[0] not in "CZ" or c == " " for c in sku
    )


def _categorise(session: Session, loaded: _Loaded, given: Any) -> None:
    if given is UNSET or (given.path if given else None) == loaded.category[0]:
        return
    if given is None:
        loaded.row.category_id, loaded.category = None, (None, None)
        return
    wanted = select(models.Category.id, models.Category.name).where(models.Category.path == given.path)
    found = session.execute(wanted).one_or_none()
    if found is None:
        raise RefusedError(
            422, "There is no such category.", Fault("No category has this path.", "/category/path")
        )
    loaded.row.category_id, loaded.category = found.id, (given.path, found.name)


def _rename(session: Session, row: models.Product, slug: str | None) -> None:
    """Give the product another slug; the old one leads to it from now on."""
    if slug is None or slug == row.slug:
        return
    session.merge(models.ProductRedirect(slug=row.slug, product_id=row.id))
    if (stale := session.get(models.ProductRedirect, slug)) is not None:
        session.delete(stale)
    row.slug = slug


def _options(loaded: _Loaded, given: ProductPut | ProductPatch) -> list[str]:
    """Return the names of the options in order: those that there are, unless all variants have others."""
    names = [list(v.options) for v in given.variants if v.options is not UNSET and v.options]
    present = loaded.row.option_names or (["Option 1", "Option 2", "Option 3"] if loaded.variants else [])
    places = [name for name in present if any(name in own for own in names)] if names else list(present)
    places += [name for own in names for name in own if name not in places]
    places = list(dict.fromkeys(places))
    if len(places) > 3 or any(set(own) != set(names[0]) for own in names):
        fault = Fault("All variants have the same options, at most three.", "/variants")
        raise RefusedError(422, "The variants' options do not agree.", fault)
    if names and not set(places) <= set(present):
        loaded.row.option_names = places
    return places


def _remove(session: Session, loaded: _Loaded, given: Any) -> bool:
    named = {variant.sku for variant in given.variants}
    gone = [sku for sku in loaded.variants if sku not in named]
    for sku in gone:
        item = loaded.items.pop(sku, None)
        if item is not None and item.reserved:
            raise RefusedError(
                409, f"{item.reserved} of {sku} are reserved by shoppers; it cannot be removed now."
            )
        if item is not None:
            session.delete(item)
        session.delete(loaded.variants.pop(sku))
    if gone:
        session.flush()  # their options are free before others take them
    return bool(gone)


def _variant(session: Session, loaded: _Loaded, given: Any, places: list[str], number: int) -> bool:
    """Change or make one variant; return whether it was made."""
    row = loaded.variants.get(given.sku)
    values: dict[str, Any] = {}
    if given.price is not UNSET:
        values["price"] = given.price.amount
    if given.compare_at_price is not UNSET:
        values["compare_at_price"] = given.compare_at_price.amount if given.compare_at_price else None
    if given.options is not UNSET:
        values |= dict.fromkeys(_PLACES, "")
        values |= {_PLACES[places.index(name)]: value for name, value in given.options.items()}
    made = row is None
    if row is None:
        row = loaded.variants[given.sku] = models.Variant(
            product_id=loaded.row.id, sku=given.sku, position=number, **values
        )
        session.add(row)
        session.flush()
        item = StockItem(sku=row.sku, variant_id=row.id, product_id=loaded.row.id, on_hand=0, reserved=0)
        item.tracked, item.low_threshold = True, 5
        loaded.items[row.sku] = item
        session.add(item)
    for name, value in values.items():
        if getattr(row, name) != value and not (
            name == "compare_at_price" and value is None and _unseen(row)
        ):
            setattr(row, name, value)
    if given.stock is not None:
        loaded.wanted[given.sku] = given.stock
    return made


def _unseen(row: models.Variant) -> bool:
    """Return whether the price that it was reduced from is not told, since it is no higher: null leaves it."""
    return row.compare_at_price is not None and row.compare_at_price <= row.price


def _single(loaded: _Loaded, given: ProductPut | ProductPatch) -> None:
    """Take price and stock of the whole product: a product with one variant has that one's, others the sum's."""
    skus = list(loaded.variants)
    if given.stock is not None:
        now = [loaded.wanted.get(sku, loaded.available(sku)) for sku in skus]
        known = None if None in now else sum(n for n in now if n is not None)
        before = [loaded.available(sku) for sku in skus]
        unchanged = None not in before and sum(n or 0 for n in before) == given.stock
        if given.stock != known and not unchanged:
            if len(skus) > 1 or loaded.wanted.get(skus[0], loaded.available(skus[0])) != loaded.available(
                skus[0]
            ):
                fault = Fault("Set the stock of each variant.", "/stock")
                raise RefusedError(422, "The stock disagrees with that of the variants.", fault)
            loaded.wanted[skus[0]] = given.stock
    if given.price is not None:
        lowest = min(v.price for v in loaded.variants.values())
        if given.price.amount not in (lowest, loaded.row.price):
            only = loaded.variants[skus[0]]
            if len(skus) > 1 or only.price != loaded.row.price:
                fault = Fault("Set the price of each variant.", "/price")
                raise RefusedError(422, "The price disagrees with those of the variants.", fault)
            only.price = given.price.amount


def _restock(session: Session, loaded: _Loaded, caller: Caller) -> None:
    movements = []
    for sku, number in sorted(loaded.wanted.items()):
        item = loaded.items[sku]
        if not item.tracked:
            item.tracked, item.version = True, item.version + 1
            session.flush()
        if delta := number - item.available:
            movements.append(Movement(sku, "adjusted", on_hand=delta, actor=caller.actor, reason="API"))
    for refused in stock.move(session, movements) if movements else ():
        raise refused
