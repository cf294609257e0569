"""The next shop of a test process gets the connection to PostgreSQL that the last one closed, as new."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import text

from storefront.extensions import db
from tests.conftest import make_app
from tests.shared_connections import share_connections

_LEFT = "SET SESSION lock_timeout = '7s'; CREATE TEMP TABLE left_over (); SELECT pg_advisory_lock(7)"
_SEEN = (
    "SELECT pg_backend_pid(), current_setting('lock_timeout'), to_regclass('left_over')::text,"
    " (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')"
)


def test_nothing_of_a_shop_reaches_the_next_one(postgresql_server: Any, tmp_path: Path) -> None:
    seen = []
    for _ in range(2):
        with make_app(postgresql_server.get_uri(), tmp_path).app_context():
            share_connections(db.engine)
            with db.engine.begin() as connection:
                seen.append(tuple(connection.execute(text(_SEEN)).one()))
                connection.exec_driver_sql(_LEFT)
            db.engine.dispose()
    assert seen[0] == seen[1]
    assert seen[0][1:] == ("1s", None, 0)
