"""PostgreSQL, started with deploy/postgresql/storefront.conf."""

from __future__ import annotations

import re

import pytest

from tests.postgresql import CONFIGURATION, postgresql


@pytest.mark.slow
def test_postgresql_starts_with_the_file_and_applies_it() -> None:
    wanted = set(re.findall(r"^(\w+) = ", CONFIGURATION.read_text(), re.M)) - {"shared_buffers"}
    with postgresql() as server:
        query = "SELECT name FROM pg_file_settings WHERE applied AND sourcefile LIKE '%storefront.conf'"
        assert set(re.findall(r"^ (\w+) *$", server.psql(query), re.M)) >= wanted
        assert "(0 rows)" in server.psql("SELECT * FROM pg_file_settings WHERE error IS NOT NULL")
        assert "200" in server.psql("SHOW max_connections")
    assert len(wanted) > 20
