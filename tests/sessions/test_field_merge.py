"""The value of a field after two parallel changes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.sessions.fields import MISSING, merge_field

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a"]) | st.just(MISSING),
    lambda inner: (
        st.lists(inner.filter(lambda value: value is not MISSING), max_size=3)
        | st.dictionaries(st.sampled_from("ab"), inner.filter(lambda value: value is not MISSING), max_size=2)
    ),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        ([1], [1, 2], [1, 3], [1, 3, 2]),
        (MISSING, [1], [2], [2, 1]),
        ([1], MISSING, [1, 2], [2]),
        ([1], [1, 2], MISSING, [2]),
        ([1, 2], [2], [1, 2, 3], [2, 3]),
        ([1], MISSING, MISSING, MISSING),
        ([1], [2], [3], [2]),
        ({"a": 1}, {"a": 1, "b": 2}, {"a": 3}, {"a": 3, "b": 2}),
        ({"a": 1, "b": 1}, {"a": 1}, {"a": 2, "b": 1}, {"a": 2}),
        ({"a": [1]}, {"a": [1, 2]}, {"a": [1, 3]}, {"a": [1, 3, 2]}),
        (MISSING, {"a": 1}, {"b": 1}, {"a": 1, "b": 1}),
        (1, 2, 3, 2),
        (1, MISSING, 3, MISSING),
        (1, True, 3, True),
        ([1], {"a": 1}, [1, 2], {"a": 1}),
    ],
)
def test_a_merge_keeps_both_changes(base: Any, ours: Any, theirs: Any, merged: Any) -> None:
    assert merge_field(base, ours, theirs) == merged


@pytest.mark.long
@given(base=VALUES, changed=VALUES)
def test_an_unchanged_side_does_not_count(base: Any, changed: Any) -> None:
    assert repr(merge_field(base, base, changed)) == repr(changed)
    assert repr(merge_field(base, changed, base)) == repr(changed)
