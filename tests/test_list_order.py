"""Things that people order by typing places: one rule for categories, menus and the front page."""

from __future__ import annotations

import pytest

from storefront.list_order import arrange


@pytest.mark.parametrize(
    ("places", "ordered"),
    [
        ({"c": 1}, "cabd"),
        ({"a": 3}, "bcad"),
        ({"a": 2, "b": 2}, "bacd"),
        ({"a": 1, "b": 2, "c": 3, "d": 1}, "dabc"),
        ({"a": 99}, "bcda"),
        ({"d": 0}, "dabc"),
        ({"a": 3, "d": 1}, "dbac"),
    ],
)
def test_a_moved_thing_goes_first_at_its_place(places: dict[str, int], ordered: str) -> None:
    assert "".join(arrange("abcd", places)) == ordered
