"""docs/caching.md lists every kind and every tag of the shop."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from storefront.cache.keys import EVERYTHING, EntryKind
from storefront.cache.tag_modes import TagKind, TagModes
from storefront.shop_cache import TAG_KINDS, keys

TEXT = (Path(__file__).parents[2] / "docs" / "caching.md").read_text()
MODES = TagModes(TAG_KINDS)
TAGS = [name for name, made in vars(keys).items() if name.endswith("_tag") and inspect.isfunction(made)]


@pytest.mark.parametrize("kind", keys.KINDS, ids=lambda kind: kind.name)
def test_every_kind_is_documented_with_its_ttl(kind: EntryKind) -> None:
    assert f"| `{kind.name}` | {kind.ttl} s |" in TEXT


@pytest.mark.parametrize("name", TAGS)
def test_every_tag_is_documented(name: str) -> None:
    is_text = any(word in name for word in ("slug", "path", "content"))
    tag = getattr(keys, name)("x" if is_text else 7)
    assert f"| `{tag.partition(':')[0]}:" in TEXT


def test_tags_of_all_entries_are_documented() -> None:
    for tag in (EVERYTHING, keys.NAVIGATION, keys.CATEGORY_TREE, keys.SEARCH, keys.SETTINGS):
        assert f"| `{tag}` |" in TEXT


@pytest.mark.parametrize("kind", MODES.kinds.values(), ids=lambda kind: kind.name)
def test_mode_of_every_tag_is_documented_with_its_reason(kind: TagKind) -> None:
    assert f"| `{kind.name}` | {kind.mode} | {kind.reason} |" in TEXT


def test_tags_of_groups_are_documented() -> None:
    assert all(f"`{kind.group}`" in TEXT for kind in MODES.kinds.values() if kind.group)
