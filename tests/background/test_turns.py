"""Turns of long work: it rests between its batches."""

from __future__ import annotations

import pytest

from storefront.background import turns


def test_a_rest_is_most_of_the_time_of_the_batch_before(monkeypatch: pytest.MonkeyPatch) -> None:
    moment, rests = 0.0, list[float]()
    monkeypatch.setattr(turns, "monotonic", lambda: moment)
    monkeypatch.setattr(turns, "sleep", rests.append)
    goes_on = turns.resting(lambda: moment < 7)
    for took in (0.25, 0.5, 7.0):
        assert goes_on()
        moment += took
    assert not goes_on()
    assert rests == [0.25 * turns.REST, 0.5 * turns.REST, turns.LONGEST_REST]
