"""The mode of each kind of tag of the shop, with its reason. The modes: storefront/cache/tag_modes.py."""

from __future__ import annotations

from storefront.cache.tag_modes import TagKind
from storefront.i18n import lazy_gettext as _

# A kind that is not in this table is strict.
TAG_KINDS = (
    TagKind(
        "navigation",
        "relaxed",
        "an old link of the menu leads to the page, or redirects to it",
        cause=_("the menu changes"),
    ),
    TagKind(
        "category-tree",
        "relaxed",
        "which categories there are; each address has its own tag",
        cause=_("a category is renamed, moved, emptied or filled for the first time"),
    ),
    TagKind(
        "settings",
        "strict",
        "the shop's name, its notices, what it shows of stock, its terms of sale",
        cause=_("a setting of the merchant changes"),
    ),
    TagKind(
        "content",
        "strict",
        "the text of a page that the law may ask for; its takedown",
        cause=_("one of your own pages changes"),
    ),
    TagKind(
        "content-links",
        "strict",
        "a merchant who publishes a page looks for its link at once; it happens seldom",
        cause=_("one of your own pages is published, renamed or taken back"),
    ),
    TagKind(
        "menus",
        "strict",
        "a merchant who changes a menu looks at it at once; it happens seldom",
        cause=_("a menu of yours changes"),
    ),
    TagKind(
        "front-page",
        "strict",
        "a merchant who publishes the front page looks at it at once; it happens seldom",
        cause=_("your own front page is published, or one of its pictures is ready"),
    ),
    TagKind(
        "best-sellers",
        "relaxed",
        "the order of a row of products; each of them has its card",
        cause=_("other products sell best than an hour ago"),
    ),
    TagKind(
        "redirects",
        "strict",
        "an address answers with another page",
        cause=_("redirects are imported or removed"),
    ),
    TagKind(
        "search",
        "relaxed",
        "which products match; each of them has its card",
        cause=_("the searchable text of any product changes"),
    ),
    TagKind(
        "product",
        "strict",
        "price, text and stock of the product; its takedown",
        "products",
        cause=_("anything on the page of product %(id)s changes"),
    ),
    TagKind(
        "card",
        "strict",
        "price, name and stock that a list prints; its takedown",
        "cards",
        cause=_("anything that lists show of product %(id)s changes"),
    ),
    TagKind(
        "slug",
        "strict",
        "an address answers with another product",
        "products",
        cause=_("the product at this address changes"),
    ),
    TagKind(
        "path",
        "strict",
        "an address answers with another category",
        "categories",
        cause=_("the category at this address changes"),
    ),
    TagKind(
        "category",
        "relaxed",
        "which products a list has; each of them has its card",
        "categories",
        cause=_("a product enters or leaves category %(id)s"),
    ),
    TagKind(
        "prices",
        "strict",
        "a list by price has a product at the wrong place",
        "categories",
        cause=_("a price in category %(id)s changes"),
    ),
    TagKind(
        "names",
        "relaxed",
        "the order of names; each name itself has its card",
        "categories",
        cause=_("a name in category %(id)s changes"),
    ),
    TagKind(
        "availability",
        "strict",
        "a list counts and offers what can be bought",
        "categories",
        cause=_("something in category %(id)s sells out or comes back"),
    ),
    TagKind(
        "collection-list",
        "relaxed",
        "which collections there are; each address has its own tag",
        cause=_("a collection is made, renamed, emptied or filled for the first time"),
    ),
    TagKind(
        "collection",
        "relaxed",
        "which products a list has; each of them has its card",
        "collections",
        cause=_("a product enters or leaves collection %(id)s"),
    ),
    TagKind(
        "collection-prices",
        "strict",
        "a list by price has a product at the wrong place",
        "collections",
        cause=_("a price in collection %(id)s changes"),
    ),
    TagKind(
        "collection-slug",
        "strict",
        "an address answers with another collection, or with other texts",
        "collections",
        cause=_("the collection at this address changes"),
    ),
    TagKind(
        "description-picture",
        "strict",
        "a description shows a picture that is gone",
        "products",
        cause=_("the shop gets or loses a picture of a description"),
    ),
    TagKind(
        "sitemap",
        "relaxed",
        "crawlers read it hours later",
        cause=_("an address in part %(id)s of the sitemap changes"),
    ),
    TagKind(
        "texts",
        "strict",
        "a name or a text that was translated wrongly",
        cause=_("a translation of a text of the shop changes"),
    ),
    TagKind(
        "user", "strict", "rights of a customer", "users", cause=_("customer %(id)s changes their profile")
    ),
)
