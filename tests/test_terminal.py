"""Ctrl-C ends long commands with a sentence, wherever it comes."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from storefront.extensions import db, write_transaction
from storefront.terminal import INTERRUPTED, interruptible


def commit_and_press(moment: int) -> bool:
    """Commit a transaction, and press Ctrl-C at this call or return within it; return whether it came so far."""
    passed = 0
    commit: FrameType | None = None

    def press(frame: FrameType, kind: str, _: Any) -> None:
        nonlocal passed, commit
        if commit is None:
            is_commit = kind == "call" and frame.f_code is Session.commit.__code__
            commit = frame if is_commit else None
            return
        # Between the session's own steps: within the pool's, a connection would stay open with its lock.
        passed += frame.f_globals.get("__name__", "").startswith("sqlalchemy.orm")
        if passed > moment or (frame is commit and kind == "return"):
            sys.setprofile(None)
        if passed > moment:
            raise KeyboardInterrupt

    try:
        with interruptible(lambda: "Go on."), write_transaction() as session:
            session.execute(text("UPDATE category SET name = name"))
            sys.setprofile(press)
    finally:
        sys.setprofile(None)
    return passed > moment


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # a driver may leave its connection open
def test_ctrl_c_anywhere_in_a_commit_ends_the_command(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    moment, stopped = 0, True
    while stopped:
        db.session.remove()
        with app.app_context():  # its end closes the session, whatever state Ctrl-C has left it in
            try:
                stopped = commit_and_press(moment)
            except SystemExit as error:
                assert error.code == INTERRUPTED  # noqa: PT017  # the loop ends without it
        moment += 1
    assert moment > 50
    assert set(capsys.readouterr().err.split("\n")) == {"", "Stopped. Go on."}


def test_other_errors_are_no_stop() -> None:
    with pytest.raises(ZeroDivisionError), interruptible(lambda: "Go on."):
        raise ZeroDivisionError
