"""Every kind of tag has a mode; a message of the outbox says which of its tags are relaxed."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront import outbox
from storefront.cache.invalidation import TOPIC, invalidate_on_commit
from storefront.cache.keys import EVERYTHING
from storefront.cache.tag_modes import TagKind, TagModes, group_by_mode
from storefront.errors import ConfigurationError
from storefront.extensions import write_transaction
from storefront.shop_cache import TAG_KINDS, keys
from tests.cache.writer_process import edit_product
from tests.conftest import make_app

MADE = {name: made for name, made in vars(keys).items() if name.endswith("_tag") and inspect.isfunction(made)}
CONSTANT = (
    *(EVERYTHING, keys.NAVIGATION, keys.CATEGORY_TREE, keys.COLLECTIONS, keys.CONTENT_LINKS),
    *(keys.MENUS, keys.FRONT_PAGE, keys.BEST_SELLERS, keys.REDIRECTS, keys.SEARCH, keys.SETTINGS),
)

MODES = TagModes(TAG_KINDS)


def test_every_tag_has_a_mode_with_its_reason() -> None:
    kinds = {
        make("x").partition(":")[0]
        if name in ("slug_tag", "path_tag", "collection_slug_tag", "content_tag", "description_picture_tag")
        else make(7).partition(":")[0]
        for name, make in MADE.items()
    }
    assert kinds | set(CONSTANT) == set(MODES.kinds)
    assert all(kind.reason for kind in MODES.kinds.values())


@pytest.mark.parametrize(
    "tag", ["product:1", "card:1", "prices:1", "slug:x", "user:1", "everything", "new", ""]
)
def test_tags_of_what_must_not_be_wrong_are_strict(tag: str) -> None:
    assert MODES.is_strict(tag)


@pytest.mark.parametrize("tag", ["navigation", "search", "category:1", "names:1", "sitemap:1"])
def test_tags_of_order_and_membership_are_relaxed(tag: str) -> None:
    assert not MODES.is_strict(tag)


def test_message_lists_its_relaxed_tags(app: Flask, client: FlaskClient, mug: int) -> None:
    payloads: list[dict[str, Any]] = []
    outbox.subscribe(app, TOPIC, payloads.extend, name="test")
    edit_product(mug, title="Beaker")
    (payload,) = payloads
    assert {tag for tag in payload["tags"] if not MODES.is_strict(tag)} == set(payload["relaxed"])
    assert {"search", f"product:{mug}"} <= set(payload["tags"])


def test_tag_has_the_strictest_mode_of_its_messages() -> None:
    def message(*tags: str, relaxed: list[str] | None = None, hard: bool = False) -> dict[str, Any]:
        return {"tags": list(tags), "hard": hard, "cause": ""} | (
            {} if relaxed is None else {"relaxed": relaxed}
        )

    payloads = [
        message("search", "names:1", "card:1", relaxed=["search", "names:1"]),
        message("search", relaxed=[]),
        message("card:1", "user:1", hard=True),
        message("navigation"),  # an earlier version wrote it
    ]
    assert group_by_mode(payloads) == {
        "hard": {"card:1", "user:1"},
        "strict": {"search", "navigation"},
        "relaxed": {"names:1"},
    }


def test_too_many_tags_become_those_of_the_largest_groups() -> None:
    products, cards = {f"product:{i}" for i in range(60)}, {f"card:{i}" for i in range(50)}
    names, alone = {f"names:{i}" for i in range(40)}, {f"another:{i}" for i in range(30)}
    tags = products | cards | names | alone
    assert MODES.limit_tags(tags, names, 180) == (tags, names)
    assert MODES.limit_tags(tags, names, 150) == ({"products"} | cards | names | alone, names)
    assert MODES.limit_tags(tags, names, 80) == ({"products", "cards"} | names | alone, names)
    assert MODES.limit_tags(tags, names, 2) == ({"products", "cards", "categories"} | alone, {"categories"})
    assert "categories" not in MODES.limit_tags(names | {"path:x"}, names, 2)[1], "a strict one is among them"


def test_entry_carries_the_tag_of_each_group_once() -> None:
    own = {"product:1", "slug:x", "card:2", "card:3", "settings"}
    assert set(MODES.complete_tags(own)) == own | {"products", "cards", "everything"}


def test_messages_have_at_most_500_tags(app: Flask, client: FlaskClient, mug: int) -> None:
    payloads: list[dict[str, Any]] = []
    outbox.subscribe(app, TOPIC, payloads.extend, name="test")
    with write_transaction() as session:
        invalidate_on_commit(session, *(f"names:{i}" for i in range(1_201)))
    assert [len(payload["tags"]) for payload in payloads] == [500, 500, 201]
    assert all(payload["relaxed"] == payload["tags"] for payload in payloads)


def test_setting_leaves_only_some_tags_relaxed() -> None:
    lists = {"category", "names", "collection", "collection-list", "best-sellers"}
    assert MODES.relaxed_kinds == {"navigation", "category-tree", "search", "sitemap"} | lists
    modes = TagModes(TAG_KINDS, ["search"])
    assert not modes.is_strict("search")
    assert modes.is_strict("names:1")


def test_tags_of_another_app_are_strict_unless_it_says_so() -> None:
    assert TagModes().is_strict("navigation")
    modes = TagModes([TagKind("shelf", "relaxed", "which books stand there", "shelves", "a book is moved")])
    assert not modes.is_strict("shelf:1")
    assert modes.complete_tags(["shelf:1", "product:1"]) == ("everything", "product:1", "shelf:1", "shelves")
    with pytest.raises(ConfigurationError, match="Name some of: shelf"):
        TagModes(modes.kinds.values(), ["search"])
    with pytest.raises(ConfigurationError, match="Remove the setting"):
        TagModes([], ["search"])


def test_no_app_makes_a_purge_of_everything_relaxed() -> None:
    assert TagModes([TagKind("everything", "relaxed", "")]).is_strict("everything")


def test_kind_of_a_tag_says_which_write_invalidates_it(app: Flask) -> None:
    with app.test_request_context():
        assert MODES.describe_cause("prices:3") == "a price in category 3 changes"
        assert MODES.describe_cause("another:3") == ""
        assert all(MODES.describe_cause(f"{name}:3") for name in MODES.kinds)


@pytest.mark.parametrize("name", ["product", "everything", "nothing"])
def test_setting_that_makes_a_strict_tag_relaxed_is_refused(
    redis_url: str, tmp_path: Path, name: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"RELAXED_TAGS names {name}, which must stay strict"):
        make_app("sqlite://", tmp_path, REDIS_URL=redis_url, STOREFRONT_CACHE_RELAXED_TAGS=f"search,{name}")
