"""Work in the background: it goes on, whatever a round of it met."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from storefront import rounds
from tests.processes import eventually


def test_a_round_that_fails_is_followed_by_another(caplog: pytest.LogCaptureFixture) -> None:
    app = Flask("worker")
    app.testing = True
    rounds.init_app(app)
    errors = [KeyError("a mistake of ours"), OperationalError("SELECT 1", {}, OSError("away"))]
    done: list[int] = []

    def work() -> None:
        done.append(1)
        if len(done) <= len(errors):
            raise errors[len(done) - 1]

    rounds.add(app, "work", work, every=0.01)
    rounds.start(app, "work")
    try:
        assert eventually(lambda: len(done) > len(errors))
    finally:
        rounds.stop(app)
    assert "work: a round failed, later again" in caplog.text
    assert "work: the database cannot be asked, later again" in caplog.text
