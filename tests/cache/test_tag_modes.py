"""Every kind of tag has a mode; a message of the outbox says which of its tags are relaxed."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront import outbox
from storefront.cache import keys
from storefront.cache.invalidation import TOPIC, invalidate_on_commit
from storefront.cache.tag_modes import (
    TAG_KINDS,
    complete_tags,
    group_by_mode,
    is_strict,
    limit_tags,
    read_relaxed_kinds,
)
from storefront.errors import ConfigurationError
from storefront.extensions import write_transaction
from tests.cache.writer_process import edit_product
from tests.conftest import make_app

MADE = {name: made for name, made in vars(keys).items() if name.endswith("_tag") and inspect.isfunction(made)}
CONSTANT = (keys.EVERYTHING, keys.NAVIGATION, keys.CATEGORY_TREE, keys.REDIRECTS, keys.SEARCH, keys.SETTINGS)


def test_every_tag_has_a_mode_with_its_reason() -> None:
    kinds = {
        make("x").partition(":")[0]
        if name in ("slug_tag", "path_tag", "description_picture_tag")
        else make(7).partition(":")[0]
        for name, make in MADE.items()
    }
    assert kinds | set(CONSTANT) == set(TAG_KINDS)
    assert all(kind.reason for kind in TAG_KINDS.values())


@pytest.mark.parametrize(
    "tag", ["product:1", "card:1", "prices:1", "slug:x", "user:1", "everything", "new", ""]
)
def test_tags_of_what_must_not_be_wrong_are_strict(tag: str) -> None:
    assert is_strict(tag)


@pytest.mark.parametrize("tag", ["navigation", "search", "category:1", "names:1", "sitemap:1"])
def test_tags_of_order_and_membership_are_relaxed(tag: str) -> None:
    assert not is_strict(tag)


def test_message_lists_its_relaxed_tags(app: Flask, client: FlaskClient, mug: int) -> None:
    payloads: list[dict[str, Any]] = []
    outbox.subscribe(app, TOPIC, payloads.extend, name="test")
    edit_product(mug, title="Beaker")
    (payload,) = payloads
    assert {tag for tag in payload["tags"] if not is_strict(tag)} == set(payload["relaxed"])
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
    assert limit_tags(tags, names, 180) == (tags, names)
    assert limit_tags(tags, names, 150) == ({"products"} | cards | names | alone, names)
    assert limit_tags(tags, names, 80) == ({"products", "cards"} | names | alone, names)
    assert limit_tags(tags, names, 2) == ({"products", "cards", "categories"} | alone, {"categories"})
    assert "categories" not in limit_tags(names | {"path:x"}, names, 2)[1], "a strict one is among them"


def test_entry_carries_the_tag_of_each_group_once() -> None:
    own = {"product:1", "slug:x", "card:2", "card:3", "settings"}
    assert set(complete_tags(own)) == own | {"products", "cards", "everything"}


def test_messages_have_at_most_500_tags(app: Flask, client: FlaskClient, mug: int) -> None:
    payloads: list[dict[str, Any]] = []
    outbox.subscribe(app, TOPIC, payloads.extend, name="test")
    with write_transaction() as session:
        invalidate_on_commit(session, *(f"names:{i}" for i in range(1_201)))
    assert [len(payload["tags"]) for payload in payloads] == [500, 500, 201]
    assert all(payload["relaxed"] == payload["tags"] for payload in payloads)


def test_setting_leaves_only_some_tags_relaxed() -> None:
    assert read_relaxed_kinds([]) == {"navigation", "category-tree", "search", "category", "names", "sitemap"}
    assert not is_strict("search", read_relaxed_kinds(["search"]))
    assert is_strict("names:1", read_relaxed_kinds(["search"]))


@pytest.mark.parametrize("name", ["product", "everything", "nothing"])
def test_setting_that_makes_a_strict_tag_relaxed_is_refused(
    redis_url: str, tmp_path: Path, name: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"RELAXED_TAGS names {name}, which must stay strict"):
        make_app("sqlite://", tmp_path, REDIS_URL=redis_url, STOREFRONT_CACHE_RELAXED_TAGS=f"search,{name}")
