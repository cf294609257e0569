"""Products in the API's format: from the cached data of the pages, or read from SQL for callers with a token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import structs
from sqlalchemy import select

from storefront import cache, shop_settings, stock
from storefront.api.schemas import CategoryRef, Image, Price, Product, Variant
from storefront.api.tokens import Caller
from storefront.catalog import models, queries
from storefront.catalog.list_index.further_categories import NamedCategory, read_categories
from storefront.catalog.list_request import ListRequest
from storefront.catalog.navigation import NotInShopError
from storefront.catalog.page_data import ListPage, Picture
from storefront.catalog.pictures import rendition_widths
from storefront.extensions import db
from storefront.money import Money
from storefront.shop_cache import keys
from storefront.stock import Badge, Display, StockLevels

# Pixels: the width of the rendition that the API links to.
IMAGE_WIDTH = 1024


def read_public_product(product_id: int) -> Product:
    """Return an active product as the public sees it.

    Raises:
        NotInShopError: the product does not exist, is a draft or is unlisted.
        GoneError: the product is archived.
    """
    cache.depends_on(keys.product_tag(product_id))
    columns = (models.Product.slug, models.Product.further_category_ids)
    row = db.session.execute(select(*columns).where(models.Product.id == product_id)).one_or_none()
    if row is None:
        raise NotInShopError(f"There is no product {product_id}.")
    page = queries.fetch_product_page(row.slug)
    if page.unlisted:  # its slug is known only to those whom somebody told, but ids can be counted
        raise NotInShopError(f"There is no product {product_id}.")
    trail = page.navigation.trail
    return _build_product(
        page,
        page.updated_at,
        CategoryRef(trail[-1].path, trail[-1].name) if trail else None,
        _name_categories(_read_further(row.further_category_ids)),
        [build_variant(v, page.option_names, v.options, v.badge) for v in page.variants],
        page.pictures,
    )


def list_products(request: ListRequest) -> tuple[ListPage, list[Product]]:
    """Return a page of a list, and its products in order, as the public sees them."""
    page = queries.fetch_list_page(request)
    if page.is_beyond_end:
        cache.do_not_store()
    return page, read_products([card.id for card in page.items], stock.public_display())


def stock_display_for(caller: Caller) -> Display:
    """Return how exactly the owner of a token may see stock."""
    return "exact" if caller.allows("stock:read") else stock.public_display()


def read_products(
    product_ids: Sequence[int], display: Display, *, shows_plans: bool = False
) -> list[Product]:
    """Return these products of any status, in this order. Runs four statements; none without products.

    A fifth one reads their further categories, if one of them has some.
    """
    if not product_ids:
        return []
    cache.depends_on(*map(keys.product_tag, product_ids))
    rows = db.session.execute(
        select(models.Product, models.Category.path, models.Category.name)
        .outerjoin(models.Category, models.Category.id == models.Product.category_id)
        .where(models.Product.id.in_(product_ids))
        .execution_options(populate_existing=True)
    )
    found = {row.Product.id: row for row in rows}
    cache.depends_on(*(keys.path_tag(row.path) for row in found.values() if row.path))
    ids = sorted({key for row in found.values() for key in row.Product.further_category_ids})
    further = {each.id: each for each in _read_further(ids)}
    variants = _by_product(models.Variant, product_ids)
    images = _by_product(models.ProductImage, product_ids)
    levels = stock.load_levels(product_ids)
    return [
        build_product(
            row.Product,
            (row.path, row.name),
            [further[key] for key in row.Product.further_category_ids if key in further],
            variants.get(i, []),
            images.get(i, []),
            levels,
            display,
            shows_plans=shows_plans,
        )
        for i in product_ids
        if (row := found.get(i)) is not None
    ]


def build_product(
    row: models.Product,
    category: tuple[str | None, str | None],
    further: Sequence[NamedCategory],
    variants: Sequence[models.Variant],
    images: Sequence[models.ProductImage],
    levels: StockLevels,
    display: Display,
    *,
    shows_plans: bool,
) -> Product:
    """Return a product built from its rows; `shows_plans`: with the moments of its planned publication."""
    path, name = category
    pictures = [Picture(i.digest, i.width, i.height, i.alt or row.title) for i in images if i.digest]
    built = [
        build_variant(
            v,
            row.option_names,
            v.options,
            stock.badge_for(levels.variant(v.id), display),
            v.price,
            v.compare_at_price,
        )
        for v in variants
    ]
    updated = row.updated_at.isoformat(timespec="seconds").replace("+00:00", "Z")
    main = CategoryRef(path, name or "") if path else None
    product = _build_product(row, updated, main, _name_categories(further), built, pictures)
    if not shows_plans:
        return product
    return structs.replace(product, publish_at=row.publish_at, withdraw_at=row.withdraw_at)


def build_variant(
    of: Any,
    names: Sequence[str],
    options: Sequence[str],
    badge: Badge,
    amount: int | None = None,
    compare_at: int | None = None,
) -> Variant:
    """Return a variant. `amount` and `compare_at` (minor units) replace its own prices."""
    named = {names[n] if n < len(names) else f"Option {n + 1}": value for n, value in enumerate(options)}
    if amount is None:
        price, reduced = of.price, of.compare_at_price
    else:
        price = _money(amount)
        reduced = _money(compare_at) if compare_at is not None and compare_at > amount else None
    return Variant(
        sku=of.sku,
        label=of.label,
        options=named,
        price=_price(price),
        compare_at_price=_price(reduced) if reduced else None,
        stock=badge.left,
        band=badge.band,
        requires_shipping=of.requires_shipping,
        taxable=of.taxable,
    )


def _build_product(
    of: Any,
    updated_at: str,
    category: CategoryRef | None,
    further: list[CategoryRef],
    variants: list[Variant],
    pictures: Sequence[Picture],
) -> Product:
    counted = [v.stock for v in variants if v.stock is not None]
    return Product(
        id=of.id,
        slug=of.slug,
        title=of.title,
        description_html=of.description_html,
        vendor=of.vendor,
        category=category,
        further_categories=further,
        status=of.status,
        unlisted=of.unlisted,
        price=min((v.price for v in variants), key=lambda price: price.amount, default=None),
        stock=sum(counted) if len(counted) == len(variants) else None,
        variants=variants,
        images=[describe_picture(picture) for picture in pictures],
        updated_at=updated_at,
    )


def _read_further(ids: Sequence[int]) -> Sequence[NamedCategory]:
    found = read_categories(db.session(), ids)
    cache.depends_on(*(keys.path_tag(each.path) for each in found))
    return found


def _name_categories(found: Sequence[NamedCategory]) -> list[CategoryRef]:
    return [CategoryRef(each.path, each.name) for each in found]


def picture_url(image: models.ProductImage) -> str | None:
    """Return the address of a picture as `images` has it; None if no file of it is stored yet."""
    if not image.digest:
        return None
    return Picture(image.digest, image.width, image.height, image.alt).src(IMAGE_WIDTH)


def describe_picture(picture: Picture) -> Image:
    """Return a picture in the width that the API links to."""
    width = next(
        (w for w in rendition_widths(picture.width) if w >= IMAGE_WIDTH), rendition_widths(picture.width)[-1]
    )
    height = max(1, round(picture.height * width / picture.width)) if picture.width else 0
    return Image(picture.src(IMAGE_WIDTH), picture.alt, width, height)


def _money(amount: int) -> Money:
    return Money(amount, shop_settings.current().currency)


def _price(money: Money) -> Price:
    return Price(money.amount, money.currency)


def _by_product(model: Any, product_ids: Sequence[int]) -> dict[int, list[Any]]:
    rows = db.session.execute(
        select(model)
        .where(model.product_id.in_(product_ids))
        .order_by(model.position, model.id)
        .execution_options(populate_existing=True)
    ).scalars()
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.product_id, []).append(row)
    return found
