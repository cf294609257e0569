"""Every key, TTL and tag of the cache. Nothing is cached under a key that is not made here."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

# Seconds for which an entry is kept in case its source fails; also the longest time that an answer can be stale.
HARD_TTL = 24 * 3600
# Seconds for which it is cached that something does not exist.
NEGATIVE_TTL = 60
# Seconds for which a process keeps its own values while Redis, which tells it of changes, is down.
OUTAGE_TTL = 10.0


@dataclass(frozen=True, slots=True)
class EntryKind:
    """A kind of entry, with its own counters.

    Attributes:
        name: in counters and settings.
        ttl: the soft TTL in seconds.
        outage_ttl: the same while Redis is down.
    """

    name: str
    ttl: int
    outage_ttl: float = OUTAGE_TTL


PRODUCT_DETAIL = EntryKind("product_detail", 3600)
PRODUCT_LIST = EntryKind("product_list", 300)
CATEGORY = EntryKind("category", 86400)
# Who is signed in: a person who is signed out or disabled loses access within a second, without Redis too.
USER_PROFILE = EntryKind("user_profile", 600, outage_ttl=0.5)
SHOP_SETTINGS = EntryKind("settings", 86400)
KINDS = (PRODUCT_DETAIL, PRODUCT_LIST, CATEGORY, USER_PROFILE, SHOP_SETTINGS)


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """Something that may be cached.

    Attributes:
        name: what it is, and the version of its form: "catalog:product:v1".
        identity: which one of these.
        kind: for TTL and counters.
    """

    name: str
    identity: str
    kind: EntryKind

    @property
    def key(self) -> str:
        """The key without the shop's prefix; a long or unprintable identity is replaced by its digest."""
        plain = self.identity.isascii() and self.identity.isprintable() and " " not in self.identity
        short = self.identity if plain and len(self.identity) <= 80 else digest(self.identity)
        return f"{self.name}:{short}"


def digest(text: str | bytes) -> str:
    """Return the BLAKE2b digest of a text as 22 hexadecimal digits: short, and collisions are out of the question."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return blake2b(data, digest_size=11).hexdigest()


# Data, from which pages, the API and feeds are built.


def product(slug: str) -> CacheEntry:
    """A product's page as data."""
    return CacheEntry("catalog:product:v1", slug, PRODUCT_DETAIL)


def product_list(canonical: str) -> CacheEntry:
    """A page of a list, by the canonical form of the request."""
    return CacheEntry("catalog:list:v1", canonical, PRODUCT_LIST)


def category(path: str) -> CacheEntry:
    """A category's place in the tree, with its neighbours."""
    return CacheEntry("catalog:category:v1", path, CATEGORY)


def trail(path: str) -> CacheEntry:
    """The categories down to this one."""
    return CacheEntry("catalog:trail:v1", path, CATEGORY)


def menu() -> CacheEntry:
    """The menu that every page prints."""
    return CacheEntry("catalog:menu:v1", "", CATEGORY)


def category_tree() -> CacheEntry:
    """The tree of all categories."""
    return CacheEntry("catalog:category-tree:v1", "", CATEGORY)


def moved_address(path: str) -> CacheEntry:
    """Where a path without a page leads."""
    return CacheEntry("catalog:moved:v1", path, PRODUCT_DETAIL)


def has_redirects() -> CacheEntry:
    """Whether the shop has any redirects."""
    return CacheEntry("catalog:has-redirects:v1", "", CATEGORY)


def home() -> CacheEntry:
    """The front page as data."""
    return CacheEntry("catalog:home:v1", "", PRODUCT_LIST)


def shop_settings() -> CacheEntry:
    """The merchant's settings that are stored, as texts."""
    return CacheEntry("shop:settings:v1", "", SHOP_SETTINGS)


def profile(user_id: int) -> CacheEntry:
    """A customer's profile, with the valid sign-ins."""
    return CacheEntry("accounts:profile:v2", str(user_id), USER_PROFILE)


# Pages: whole public responses, by endpoint and the canonical form of the address.


def page(endpoint: str, canonical: str, fingerprint: str, kind: EntryKind) -> CacheEntry:
    """A public response; each build of the shop (code, templates, settings) has pages of its own."""
    return CacheEntry(f"page:{endpoint}:{fingerprint}", canonical, kind)


def endpoint_of(entry: CacheEntry) -> str:
    """Return the endpoint whose response a page's entry holds."""
    return entry.name.split(":")[1]


def function(name: str, arguments: str, kind: EntryKind) -> CacheEntry:
    """The result of a function decorated with `cached`, for these arguments."""
    return CacheEntry(f"function:{name}", arguments, kind)


# Tags name what an entry depends on. A write invalidates every entry that carries one of its tags.

EVERYTHING = "everything"  # carried by every entry
STALE = "stale"  # carried by a value built from an old value; such values are not stored
NAVIGATION = "navigation"  # the menu of every page: names, addresses and order of the top categories
CATEGORY_TREE = "category-tree"  # which categories are shown, their names and addresses
REDIRECTS = "redirects"  # the redirects that were imported
SEARCH = "search"  # the words of any product
SETTINGS = "settings"  # the merchant's settings: the shop's name, its locale, what it shows of stock
# Product ids in each part of the sitemap; compressed, a part stays far below the largest size of an entry.
SITEMAP_PART = 5_000


def product_tag(product_id: int) -> str:
    """Everything that a product's own page prints."""
    return f"product:{product_id}"


def card_tag(product_id: int) -> str:
    """What a list prints of a product."""
    return f"card:{product_id}"


def description_picture_tag(key: str) -> str:
    """Whether the shop has the picture that descriptions name by this source."""
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


def sitemap_part(product_id: int) -> int:
    """Return which part of the sitemap names a product, counted from 1."""
    return product_id // SITEMAP_PART + 1


def sitemap_tag(part: int) -> str:
    """Which products a part of the sitemap names, and their addresses."""
    return f"sitemap:{part}"


def user_tag(user_id: int) -> str:
    """A customer's profile."""
    return f"user:{user_id}"
