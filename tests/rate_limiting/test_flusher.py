"""The thread in the background: there when there is something to settle, gone when there is not."""

from __future__ import annotations

import threading

import pytest

from storefront.rate_limiting import flusher as module
from storefront.rate_limiting.flusher import Settler
from tests.processes import eventually


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY", 0.005)


def settling() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "rate-limits-settler"}


def test_it_ends_when_there_is_nothing_to_do_and_begins_again() -> None:
    others = settling()  # of shops of other tests, whose Redis is gone
    rounds = []
    settler = Settler(lambda: bool(rounds.append(1)))
    for _ in range(2):
        rounds.clear()
        settler.wake()
        settler.wake()
        assert eventually(lambda: settler._awake == 0)
        assert len(rounds) == module.IDLE + 1
    assert eventually(lambda: settling() <= others)


def test_what_goes_wrong_does_not_end_it(caplog: pytest.LogCaptureFixture) -> None:
    rounds: list[int] = []

    def work() -> bool:
        rounds.append(1)
        if len(rounds) == 1:
            raise RuntimeError("once")
        return len(rounds) < 5

    settler = Settler(work)
    settler.wake()
    assert eventually(lambda: settler._awake == 0)
    assert len(rounds) > 5
    assert "could not be settled" in caplog.text
