"""Every key, TTL and tag of the shop. Nothing is cached under a key that is not made here, or by the cache itself."""

from __future__ import annotations

from storefront.cache.keys import CacheEntry, EntryKind, digest
from storefront.languages import current_locale

PRODUCT_DETAIL = EntryKind("product_detail", 3600)
PRODUCT_LIST = EntryKind("product_list", 300)
CATEGORY = EntryKind("category", 86400)
# Who is signed in: a person who is signed out or disabled loses access within a second, without Redis too.
USER_PROFILE = EntryKind("user_profile", 600, outage_ttl=0.5)
SHOP_SETTINGS = EntryKind("settings", 86400)
CONTENT = EntryKind("content", 86400)
KINDS = (PRODUCT_DETAIL, PRODUCT_LIST, CATEGORY, USER_PROFILE, SHOP_SETTINGS, CONTENT)

# Data, from which pages, the API and feeds are built. What holds texts for people is kept for each language.


def _in_language(identity: str) -> str:
    """Return an identity with the present language; as it is in the shop's own one."""
    locale = current_locale()
    return f"{locale}|{identity}" if locale else identity


def product(slug: str) -> CacheEntry:
    """A product's page as data."""
    return CacheEntry("catalog:product:v2", _in_language(slug), PRODUCT_DETAIL)


def product_list(canonical: str) -> CacheEntry:
    """A page of a list, by the canonical form of the request."""
    return CacheEntry("catalog:list:v1", _in_language(canonical), PRODUCT_LIST)


def category(path: str) -> CacheEntry:
    """A category's place in the tree, with its neighbours."""
    return CacheEntry("catalog:category:v1", _in_language(path), CATEGORY)


def collection(slug: str) -> CacheEntry:
    """A collection's title, texts and number of products."""
    return CacheEntry("catalog:collection:v1", _in_language(slug), CATEGORY)


def trail(path: str) -> CacheEntry:
    """The categories down to this one."""
    return CacheEntry("catalog:trail:v1", _in_language(path), CATEGORY)


def menu() -> CacheEntry:
    """The menu that every page prints."""
    return CacheEntry("catalog:menu:v1", _in_language(""), CATEGORY)


def category_tree() -> CacheEntry:
    """The tree of all categories."""
    return CacheEntry("catalog:category-tree:v1", _in_language(""), CATEGORY)


def moved_address(path: str) -> CacheEntry:
    """Where a path without a page leads."""
    return CacheEntry("catalog:moved:v1", path, PRODUCT_DETAIL)


def has_redirects() -> CacheEntry:
    """Whether the shop has any redirects."""
    return CacheEntry("catalog:has-redirects:v1", "", CATEGORY)


def home() -> CacheEntry:
    """The front page as data."""
    return CacheEntry("catalog:home:v1", _in_language(""), PRODUCT_LIST)


def shop_settings() -> CacheEntry:
    """The merchant's settings and documents that are stored, as texts."""
    return CacheEntry("shop:settings:v2", "", SHOP_SETTINGS)


def content_page(slug: str) -> CacheEntry:
    """A page of the merchant as data."""
    return CacheEntry("content:page:v1", _in_language(slug), CONTENT)


def menus() -> CacheEntry:
    """The merchant's menus, and the links to the merchant's pages, which every page prints."""
    return CacheEntry("content:menus:v1", _in_language(""), CONTENT)


def front_page() -> CacheEntry:
    """The merchant's own front page as data, with its products; or that there is none."""
    return CacheEntry("content:front-page:v1", _in_language(""), PRODUCT_LIST)


def profile(user_id: int) -> CacheEntry:
    """A customer's profile, with the valid sign-ins."""
    return CacheEntry("accounts:profile:v4", str(user_id), USER_PROFILE)


# Tags name what an entry depends on. A write invalidates every entry that carries one of its tags.

NAVIGATION = "navigation"  # the menu of every page: names, addresses and order of the top categories
CATEGORY_TREE = "category-tree"  # which categories are shown, their names and addresses
COLLECTIONS = "collection-list"  # which collections there are, their addresses, and which of them are empty
REDIRECTS = "redirects"  # the redirects that were imported
SEARCH = "search"  # the words of any product
SETTINGS = "settings"  # the merchant's settings: the shop's name, its locale, what it shows of stock
CONTENT_LINKS = "content-links"  # which pages of the merchant are published, their titles and addresses
MENUS = "menus"  # the entries of the merchant's menus
FRONT_PAGE = "front-page"  # the sections of the merchant's own front page, and whether there is one
BEST_SELLERS = "best-sellers"  # which products sell best, and in which order
# Product ids in each part of the sitemap; compressed, a part stays far below the largest size of an entry.
SITEMAP_PART = 5_000


def product_tag(product_id: int) -> str:
    """Everything that a product's own page prints."""
    return f"product:{product_id}"


def card_tag(product_id: int) -> str:
    """What a list prints of a product."""
    return f"card:{product_id}"


def description_picture_tag(key: str) -> str:
    """Whether the shop has the picture of this source; of a picture in the merchant's pages, its renditions."""
    return f"description-picture:{key}"


def slug_tag(slug: str) -> str:
    """Which product has this slug, if any."""
    return f"slug:{digest(slug)}"


def path_tag(path: str) -> str:
    """Which category has this path, if any."""
    return f"path:{digest(path)}"


def category_tag(category_id: int) -> str:
    """Which products are in a category and its subcategories."""
    return f"category:{category_id}"


def prices_tag(category_id: int) -> str:
    """The prices of the products in a category: its lists by price."""
    return f"prices:{category_id}"


def names_tag(category_id: int) -> str:
    """The names of the products in a category: its lists by name."""
    return f"names:{category_id}"


def availability_tag(category_id: int) -> str:
    """Which products of a category can be bought."""
    return f"availability:{category_id}"


def collection_tag(collection_id: int) -> str:
    """Which products a collection lists, and their names."""
    return f"collection:{collection_id}"


def collection_prices_tag(collection_id: int) -> str:
    """The prices of the products in a collection: its lists by price."""
    return f"collection-prices:{collection_id}"


def collection_slug_tag(slug: str) -> str:
    """Which collection has this slug, if any, and its texts."""
    return f"collection-slug:{digest(slug)}"


def sitemap_part(product_id: int) -> int:
    """Return which part of the sitemap names a product, counted from 1."""
    return product_id // SITEMAP_PART + 1


def sitemap_tag(part: int) -> str:
    """Which products a part of the sitemap names, and their addresses."""
    return f"sitemap:{part}"


def content_tag(slug: str) -> str:
    """Which page of the merchant has this slug, if any, and what it says."""
    return f"content:{digest(slug)}"


def texts_tag(kind: str) -> str:
    """The translations of all texts of a kind, such as "category"; only pages in a further language have it."""
    return f"texts:{kind}"


def user_tag(user_id: int) -> str:
    """A customer's profile."""
    return f"user:{user_id}"
