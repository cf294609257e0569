"""A process that is killed around its commit: what it committed is delivered, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from storefront import outbox
from storefront.catalog.models import Product
from storefront.extensions import db
from tests.outbox.messages import make_overdue, rows
from tests.processes import ROOT

# Writes a product and enqueues a message. The handler kills the process, or the process dies before its commit.
WRITER = """
import os, signal, sys
from pathlib import Path
from storefront import outbox
from storefront.catalog.models import Product
from storefront.extensions import db, write_transaction
from tests.conftest import make_app

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

app = make_app(sys.argv[1], Path(sys.argv[2]), REDIS_URL=sys.argv[3])
with app.app_context():
    outbox.subscribe(app, "news", die)
    with write_transaction() as session:
        session.add(Product(slug="written", title="Written"))
        outbox.enqueue(session, "news", "written")
        if sys.argv[4] == "before":
            session.flush()
            die()
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_killed_process_loses_and_invents_no_message(
    app: Flask, received: list[Any], redis_url: str, tmp_path: Path, when: str
) -> None:
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    instance = tmp_path / "writer"
    instance.mkdir()
    command = [sys.executable, "-c", WRITER, url, str(instance), redis_url, when]
    ended = subprocess.run(command, cwd=ROOT, env={**os.environ}, check=False, capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    expected = ["written"] if when == "after" else []
    db.session.rollback()
    assert list(db.session.execute(select(Product.slug)).scalars()) == expected
    db.session.rollback()
    make_overdue()
    outbox.deliver_overdue()
    assert (received, rows()) == (expected, 0)
