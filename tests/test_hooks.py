"""Hooks call what was registered for the application, in order, in the caller's place."""

from __future__ import annotations

import pytest
from flask import Flask

from storefront.app_state import AppState, Hook

doubled = Hook[[int], int]("test.doubled")


def test_handlers_run_in_order_and_return_their_results() -> None:
    app = Flask(__name__)
    doubled.register(app, lambda number: number * 2)
    doubled.register(app, lambda number: number * 2 + 1)
    with app.app_context():
        assert doubled.fire(3) == [6, 7]


def test_handlers_belong_to_one_application() -> None:
    one, other = Flask(__name__), Flask(__name__)
    doubled.register(one, lambda number: number * 2)
    with other.app_context():
        assert doubled.fire(3) == []


def test_what_a_handler_raises_reaches_the_caller() -> None:
    app = Flask(__name__)

    def fail(number: int) -> int:
        raise ValueError(number)

    doubled.register(app, fail)
    with app.app_context(), pytest.raises(ValueError, match="3"):
        doubled.fire(3)


def test_state_is_kept_for_each_application() -> None:
    rate, one, other = AppState[int]("test.rate"), Flask(__name__), Flask(__name__)
    rate.set(one, 1)
    rate.set(other, 2)
    assert (rate.get(one), rate.get(other)) == (1, 2)
    with pytest.raises(KeyError):
        rate.get(Flask(__name__))
