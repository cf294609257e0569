"""The order in which the groups of tests start."""

from __future__ import annotations

from collections import defaultdict

from tests.durations import Duration, start_order


def test_waiting_groups_start_beside_computing_ones() -> None:
    waiting = {f"wait-{number}": Duration(40 - number, 2) for number in range(4)}
    computing = {f"compute-{number}": Duration(20 - number, 19) for number in range(4)}
    last = defaultdict(Duration, waiting | computing)
    order = start_order(["short", *computing, *waiting], last)
    for number in range(4):
        assert {*order[2 * number : 2 * number + 2]} == {f"wait-{number}", f"compute-{number}"}
    assert order[-1] == "short"
