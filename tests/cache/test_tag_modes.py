"""Every kind of tag has a mode; a message of the outbox says which of its tags are relaxed."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront import outbox
from storefront.cache import keys
from storefront.cache.invalidation import TOPIC
from storefront.cache.tag_modes import TAG_KINDS, group_by_mode, is_strict
from tests.cache.writer_process import edit_product

MADE = {name: made for name, made in vars(keys).items() if name.endswith("_tag") and inspect.isfunction(made)}
CONSTANT = (keys.EVERYTHING, keys.NAVIGATION, keys.REDIRECTS, keys.SEARCH, keys.SETTINGS)


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
