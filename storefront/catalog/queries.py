"""Load the data of the catalogue's pages, each with at most five statements."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import ceil
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    SQLColumnExpression,
    bindparam,
    exists,
    func,
    select,
    union,
)

from storefront import cache, stock
from storefront.catalog import cards, metafields
from storefront.catalog.list_index import reader
from storefront.catalog.list_index.derivation import ancestor_paths
from storefront.catalog.list_index.matches import PER_PAGE, Candidate
from storefront.catalog.list_index.vendor_counts import MAX_VENDORS, count_by_vendor
from storefront.catalog.list_request import ListRequest
from storefront.catalog.models import ROOT_PATH, Category, Listing, Product, ShownMetafield
from storefront.catalog.moved_addresses import find_moved_product
from storefront.catalog.navigation import (
    GoneError,
    MovedError,
    NotInShopError,
    load_navigation,
    load_top_categories,
    load_trail,
)
from storefront.catalog.page_data import HomePage, ListPage, Navigation, VendorCount
from storefront.catalog.product_page import ProductPage
from storefront.catalog.product_pictures import load_pictures
from storefront.catalog.product_variants import load_variants
from storefront.catalog.publication import bound_by_withdrawal
from storefront.errors import StorefrontError
from storefront.i18n import gettext as _
from storefront.joint_queries import JointQuery, read_rows
from storefront.languages import current_locale
from storefront.shop_cache import keys
from storefront.stock import StockLevels
from storefront.text_translations import built_once, translation
from storefront.text_translations.models import PRODUCT
from storefront.unicode_text import strip_marks
from storefront.web.prefix import add_prefix

# With the product's row, since each page of the catalogue may run five statements.
_SHOWN_METAFIELDS = select(func.aggregate_strings(ShownMetafield.key, "\n")).scalar_subquery()
NEWEST = 8
RELATED = 4


def load_home_page() -> HomePage:
    """Return the front page."""
    navigation, root_id = load_navigation(ROOT_PATH)
    cache.depends_on(keys.category_tag(root_id))
    newest = reader.select_page(ListRequest(), root_id, navigation.products).ids[:NEWEST]
    categories, category_count = load_top_categories(root_id)
    return HomePage(navigation, categories, category_count, cards.load_cards(newest))


def fetch_list_page(wanted: ListRequest) -> ListPage:
    """Return a page of a list from the cache, or load it; a page beyond the end has no entry of its own.

    Raises:
        NotInShopError: the shop has no such category.
        MovedError: the category has moved.
    """

    def fetch(number: int) -> ListPage:
        numbered = replace(wanted, page=number)
        entry = keys.product_list(numbered.url(page=number))
        return cache.fetch(entry, ListPage, lambda: load_list_page(numbered))

    most = reader.MATCH_LIMIT if wanted.is_filtered else load_navigation(wanted.path)[0].products
    if wanted.page > max(1, ceil(most / PER_PAGE)):
        return replace(fetch(1), request=wanted, items=[])
    return fetch(wanted.page)


def load_list_page(wanted: ListRequest) -> ListPage:
    """Return a page of a list.

    Raises:
        NotInShopError: the shop has no such category.
        MovedError: the category has moved.
    """
    navigation, category_id = load_navigation(wanted.path)
    cache.depends_on(*_list_tags(wanted, category_id))
    selection = reader.select_page(wanted, category_id, navigation.products, counts_buyable=True)
    vendors: list[tuple[str, int | None]] = []
    in_stock, in_stock_capped = None, False
    if selection.matches is not None:
        navigation, vendors, in_stock = _exact_counts(selection.matches, navigation)
    elif wanted.is_filtered:
        # Too many matches to count.
        navigation = replace(
            navigation, children=[replace(child, products=None) for child in navigation.children]
        )
    else:
        in_stock, in_stock_capped = reader.count_buyable(selection, category_id)
    is_relaxed = selection.plan is not None and selection.plan.is_relaxed  # which has taken a statement more
    if (selection.matches is None or wanted.vendors) and not is_relaxed:
        vendors = count_by_vendor(wanted, category_id, selection.plan)
    return ListPage(
        request=wanted,
        navigation=navigation,
        items=cards.load_cards(selection.ids),
        total=selection.total,
        pages=ceil(selection.total / PER_PAGE),
        capped=selection.capped,
        vendors=_vendor_choices(vendors[:MAX_VENDORS], wanted),
        has_more_vendors=len(vendors) > MAX_VENDORS,
        in_stock=in_stock,
        in_stock_capped=in_stock_capped,
        shown_for=list(selection.shown_for),
        found_as_typed=selection.found_as_typed,
    )


_TEXTS = ("title", "description_html", "seo_title", "seo_description")
_PRODUCT_COLUMNS = (
    *(Product.id, Product.slug, Product.title, Product.description_html, Product.vendor),
    *(Product.product_type, Product.tags, Product.extra, Product.seo_title, Product.seo_description),
    *(Product.option_names, Product.category_id, Product.status, Product.unlisted, Product.price),
    *(Product.withdraw_at, Product.updated_at),
)


@built_once
def _page_rows(by: str) -> Select[Any]:
    """Return the statement for products' pages; in a further language with the translations of their texts.

    `by`: the column whose value is the bind parameter `wanted`: "slug" or "id".
    """
    texts = [translation(PRODUCT, Product.id, name) for name in _TEXTS] if current_locale() else []
    rows = select(*_PRODUCT_COLUMNS, Category.path, _SHOWN_METAFIELDS.label("shown"), *texts)
    rows = rows.outerjoin(Category, Category.id == Product.category_id)
    return rows.where(getattr(Product, by) == bindparam("wanted"))


def fetch_product_page(slug: str) -> ProductPage:
    """Return a product's page with its navigation, each from the cache or from the database.

    Raises:
        NotInShopError, MovedError, GoneError: as `load_product_page`.
    """
    page = cache.fetch(keys.product(slug), ProductPage, lambda: load_product_page(slug))
    return replace(page, navigation=load_trail(page.category_path))


def load_product_page(slug: str) -> ProductPage:
    """Return a product's page without its navigation.

    Raises:
        NotInShopError: the shop has no such product, or it is a draft.
        MovedError: its slug has changed.
        GoneError: it has been archived.
    """
    cache.depends_on(keys.slug_tag(slug))
    item = next(iter(read_rows(_page_rows("slug"), {"wanted": slug})), None)
    if item is None:
        raise _missing(slug)
    cache.depends_on(keys.product_tag(item.id))
    if item.status == "archived":
        raise _missing(slug, GoneError(_("%(title)s is no longer available.", title=item.title)))
    if item.status != "active" or item.price is None:
        raise _missing(slug)
    bound_by_withdrawal(item.withdraw_at)
    return _build_page(item)


def load_preview(product_id: int) -> ProductPage:
    """Return the page of a product of any status, with its navigation; nothing of it is cached.

    Raises:
        NotInShopError: the product does not exist, or has no variants yet.
    """
    item = next(iter(read_rows(_page_rows("id"), {"wanted": product_id})), None)
    if item is None or item.price is None:
        raise NotInShopError(_("This product has been removed, or has no variants yet."))
    page = _build_page(item)
    return replace(page, navigation=load_trail(page.category_path))


def _build_page(item: Any) -> ProductPage:
    """Return the page of a row of `_page_rows`."""
    translations = item[len(_PRODUCT_COLUMNS) + 2 :]
    texts = {name: text for name, text in zip(_TEXTS, translations, strict=False) if text}
    path = item.path or ROOT_PATH
    title = texts.get("title", item.title)
    cache.depends_on(*map(keys.path_tag, ancestor_paths(path)[1:]))
    pictures, places, in_description = load_pictures(item)
    related, levels = _related(item)
    option_names, variants = load_variants(item, levels, places)
    return ProductPage(
        id=item.id,
        slug=item.slug,
        title=title,
        description_html=texts.get("description_html", item.description_html),
        description_pictures=in_description,
        vendor=item.vendor,
        product_type=item.product_type,
        tags=item.tags,
        details=metafields.details(item.extra, (item.shown or "").split("\n")),
        # A translated title says more in this language than the other one's title for search engines.
        seo_title=texts.get("seo_title") or texts.get("title") or item.seo_title or item.title,
        seo_description=texts.get("seo_description", item.seo_description),
        option_names=option_names,
        variants=variants,
        pictures=pictures,
        category_path=path,
        related=[cards.build_card(row, levels) for row in related.values()],
        status=item.status,
        unlisted=item.unlisted,
        updated_at=item.updated_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
    )


def has_page(product_id: SQLColumnExpression[int]) -> ColumnElement[bool]:
    """Return the SQL condition that a product's page is shown, in lists or only to those who know its address."""
    return exists().where(Product.id == product_id, Product.status == "active", Product.price.is_not(None))


def _missing(slug: str, error: StorefrontError | None = None) -> StorefrontError:
    """Return the error for a product that the shop does not show: MovedError if its address leads elsewhere."""
    if target := find_moved_product(slug):
        return MovedError(add_prefix(target))
    return error or NotInShopError(
        _("There is no product with this address. It may have been renamed or removed.")
    )


def _list_tags(wanted: ListRequest, category_id: int) -> list[str]:
    """Return the cache tags of all changes that can alter the products or the counts on this page of a list."""
    # Every list shows how many of its products are in stock.
    tags = [keys.category_tag(category_id), keys.availability_tag(category_id)]
    if wanted.min_price is not None or wanted.max_price is not None or wanted.sort in ("price", "-price"):
        tags.append(keys.prices_tag(category_id))
    if wanted.sort == "name":
        tags.append(keys.names_tag(category_id))
    if wanted.q:
        tags.append(keys.SEARCH)
    return tags


def _related(item: Any) -> tuple[dict[int, Any], StockLevels]:
    """Return card rows of other products of the category, and the stock of all these products. One statement.

    The others are the next older ones, then the newest.
    """
    if item.category_id is None:
        return {}, stock.load_levels([item.id])
    rows, levels = cards.read_card_rows(_related_rows(), {"product": item.id, "category": item.category_id})
    if sum(i < item.id for i in rows) < RELATED:
        # Only then can a product that enters the category belong here. Those that leave it have their cards' tags.
        cache.depends_on(keys.category_tag(item.category_id))
    wanted = sorted(rows, key=lambda i: (i > item.id, -i))[:RELATED]
    return {i: rows[i] for i in wanted}, levels


@built_once
def _related_rows() -> JointQuery:
    product: BindParameter[int] = bindparam("product", type_=Integer)
    listed = select(Listing.product_id).where(Listing.category_id == bindparam("category"))
    newest_first = listed.order_by(Listing.product_id.desc()).limit(RELATED)
    older = newest_first.where(Listing.product_id < product).subquery()
    newest = newest_first.where(Listing.product_id > product).subquery()
    others = (select(older), select(newest))
    return cards.select_card_rows(union(*others), union(select(product), *others))


def _vendor_choices(counts: list[tuple[str, int | None]], wanted: ListRequest) -> list[VendorCount]:
    """Return the vendors to choose from, by name; those that are chosen stay, whatever the other filters leave."""
    chosen = [(vendor, 0) for vendor in wanted.vendors if vendor not in dict(counts)]
    vendors = [VendorCount(vendor, count) for vendor, count in (*counts, *chosen)]
    return sorted(vendors, key=lambda each: (strip_marks(each.vendor), each.vendor))


def _exact_counts(
    matches: list[Candidate], navigation: Navigation
) -> tuple[Navigation, list[tuple[str, int | None]], int]:
    """Return the navigation and vendors with exact counts, and the number in stock, from all matches."""
    vendors = Counter(match.vendor for match in matches if match.vendor)
    paths = Counter(prefix for match in matches for prefix in ancestor_paths(match.category_path))
    children = [
        replace(child, products=paths[child.path]) for child in navigation.children if paths[child.path]
    ]
    counts: list[tuple[str, int | None]] = [*vendors.most_common(MAX_VENDORS + 1)]
    return replace(navigation, children=children), counts, sum(match.buyable for match in matches)
