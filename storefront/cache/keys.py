"""Every key, time to live and tag of the cache. Nothing is cached under a name that is not made here."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

# How long an entry is kept for the day when its source fails; also the longest that anything can be stale.
HARD_TTL = 24 * 3600
NEGATIVE_TTL = 60


@dataclass(frozen=True, slots=True)
class EntryKind:
    """What sort of thing an entry is: for its time to live and its counters. `ttl` is soft, in seconds."""

    name: str
    ttl: int


PRODUCT_DETAIL = EntryKind("product_detail", 3600)
PRODUCT_LIST = EntryKind("product_list", 300)
CATEGORY = EntryKind("category", 86400)
USER_PROFILE = EntryKind("user_profile", 600)
KINDS = (PRODUCT_DETAIL, PRODUCT_LIST, CATEGORY, USER_PROFILE)


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """A thing that may be cached: its name, which one of these it is, and its kind."""

    name: str
    identity: str
    kind: EntryKind

    @property
    def key(self) -> str:
        """The key without the shop's prefix; identities of any length and content are digested."""
        plain = self.identity.isascii() and self.identity.isprintable() and " " not in self.identity
        short = self.identity if plain and len(self.identity) <= 80 else digest(self.identity)
        return f"{self.name}:{short}"


def digest(text: str | bytes) -> str:
    """Return 22 hexadecimal digits for any text: short enough for a key, too many to collide."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return blake2b(data, digest_size=11).hexdigest()


# Data: what pages, the API and feeds are built from.


def product(slug: str) -> CacheEntry:
    """A product's page as data."""
    return CacheEntry("catalog:product:v1", slug, PRODUCT_DETAIL)


def product_list(canonical: str) -> CacheEntry:
    """A page of a list, by the canonical form of what was asked for."""
    return CacheEntry("catalog:list:v1", canonical, PRODUCT_LIST)


def category(path: str) -> CacheEntry:
    """A category's place in the tree, with what is around it."""
    return CacheEntry("catalog:category:v1", path, CATEGORY)


def home() -> CacheEntry:
    """The front page as data."""
    return CacheEntry("catalog:home:v1", "", PRODUCT_LIST)


def profile(user_id: int) -> CacheEntry:
    """A customer's profile, with the sign-ins that hold."""
    return CacheEntry("accounts:profile:v1", str(user_id), USER_PROFILE)


# Pages: whole public responses, each by its endpoint and the canonical form of its address.


def page(endpoint: str, canonical: str, release: str, kind: EntryKind) -> CacheEntry:
    """A public response; another release (code, templates, settings) has pages of its own."""
    return CacheEntry(f"page:{endpoint}:{release}", canonical, kind)


def endpoint_of(entry: CacheEntry) -> str:
    """Return the endpoint whose response a page's entry holds."""
    return entry.name.split(":")[1]


def function(name: str, arguments: str, kind: EntryKind) -> CacheEntry:
    """What a function decorated with `cached` returned for these arguments."""
    return CacheEntry(f"function:{name}", arguments, kind)


# Tags: what an entry depends on. A write drops every entry that carries one of its tags.

EVERYTHING = "everything"  # carried by every entry
STALE = "stale"  # never invalidated: carried by what is built from an old value, which is not kept
NAVIGATION = "navigation"  # names, order and place of categories, which every page prints
SEARCH = "search"  # the words of any product
# Product ids for each part of the sitemap: compressed it stays far below what an entry may hold.
SITEMAP_PART = 5_000


def product_tag(product_id: int) -> str:
    """All that a product's own page prints."""
    return f"product:{product_id}"


def card_tag(product_id: int) -> str:
    """What a list prints of a product."""
    return f"card:{product_id}"


def slug_tag(slug: str) -> str:
    """Which product answers to this address, if any."""
    return f"slug:{digest(slug)}"


def path_tag(path: str) -> str:
    """Which category answers to this address, if any."""
    return f"path:{digest(path)}"


def category_tag(category_id: int) -> str:
    """Which products are in a category and below it."""
    return f"category:{category_id}"


def prices_tag(category_id: int) -> str:
    """The prices of what is in a category: its lists by price."""
    return f"prices:{category_id}"


def names_tag(category_id: int) -> str:
    """The names of what is in a category: its lists by name."""
    return f"names:{category_id}"


def availability_tag(category_id: int) -> str:
    """Which products of a category can be bought."""
    return f"availability:{category_id}"


def sitemap_part(product_id: int) -> int:
    """Return which part of the sitemap names a product, counted from 1."""
    return product_id // SITEMAP_PART + 1


def sitemap_tag(part: int) -> str:
    """Which products a part of the sitemap names, and by which addresses."""
    return f"sitemap:{part}"


def user_tag(user_id: int) -> str:
    """A customer's profile."""
    return f"user:{user_id}"
