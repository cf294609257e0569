"""Keys are in Redis and tags in the outbox, at edges and in scripts of operators: their texts do not change."""

from __future__ import annotations

from hashlib import blake2b

import pytest

from storefront import languages
from storefront.cache.keys import digest
from storefront.shop_cache import keys

pytestmark = pytest.mark.any_database

DIGEST = blake2b(b"x", digest_size=11).hexdigest()
KEYS = {
    keys.product("x"): ("catalog:product:v2:x", "product_detail"),
    keys.product_list("x"): ("catalog:list:v1:x", "product_list"),
    keys.category("x"): ("catalog:category:v1:x", "category"),
    keys.trail("x"): ("catalog:trail:v1:x", "category"),
    keys.menu(): ("catalog:menu:v1:", "category"),
    keys.category_tree(): ("catalog:category-tree:v1:", "category"),
    keys.moved_address("x"): ("catalog:moved:v1:x", "product_detail"),
    keys.has_redirects(): ("catalog:has-redirects:v1:", "category"),
    keys.home(): ("catalog:home:v1:", "product_list"),
    keys.shop_settings(): ("shop:settings:v2:", "settings"),
    keys.collection("x"): ("catalog:collection:v1:x", "category"),
    keys.content_page("x"): ("content:page:v1:x", "content"),
    keys.menus(): ("content:menus:v1:", "content"),
    keys.front_page(): ("content:front-page:v1:", "product_list"),
    keys.profile(7): ("accounts:profile:v4:7", "user_profile"),
}
TAGS = {
    keys.product_tag(7): "product:7",
    keys.card_tag(7): "card:7",
    keys.description_picture_tag("x"): "description-picture:x",
    keys.slug_tag("x"): f"slug:{DIGEST}",
    keys.path_tag("x"): f"path:{DIGEST}",
    keys.category_tag(7): "category:7",
    keys.prices_tag(7): "prices:7",
    keys.names_tag(7): "names:7",
    keys.availability_tag(7): "availability:7",
    keys.sitemap_tag(7): "sitemap:7",
    keys.user_tag(7): "user:7",
    keys.collection_tag(7): "collection:7",
    keys.collection_prices_tag(7): "collection-prices:7",
    keys.collection_slug_tag("x"): f"collection-slug:{DIGEST}",
    keys.content_tag("x"): f"content:{DIGEST}",
    keys.texts_tag("x"): "texts:x",
    keys.COLLECTIONS: "collection-list",
    keys.CONTENT_LINKS: "content-links",
    keys.MENUS: "menus",
    keys.FRONT_PAGE: "front-page",
    keys.BEST_SELLERS: "best-sellers",
    keys.NAVIGATION: "navigation",
    keys.CATEGORY_TREE: "category-tree",
    keys.REDIRECTS: "redirects",
    keys.SEARCH: "search",
    keys.SETTINGS: "settings",
}


def test_keys_and_tags_have_the_texts_that_are_stored() -> None:
    assert {entry: (entry.key, entry.kind.name) for entry in KEYS} == KEYS
    assert list(TAGS) == list(TAGS.values())
    assert digest("x") == DIGEST


def test_the_lists_above_are_complete() -> None:
    mine = {name for name, found in vars(keys).items() if getattr(found, "__module__", "") == keys.__name__}
    made = {name for name in mine if name[0] != "_"}
    assert len(made) == len(KEYS) + sum(":" in tag for tag in TAGS) + 1  # `sitemap_part` is a number


def test_what_holds_texts_is_kept_for_each_language() -> None:
    with languages.use(languages.Language("de", "de_DE")):
        assert keys.home().key == "catalog:home:v1:de_DE|"
        assert keys.product("x").key == "catalog:product:v2:de_DE|x"
        assert keys.shop_settings().key == "shop:settings:v2:"
