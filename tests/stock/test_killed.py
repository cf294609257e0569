"""A process that is killed between its commit and its delivery loses no event."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from storefront import outbox, redis_roles
from storefront.extensions import db
from storefront.redis_roles import Role
from storefront.stock import StockItem, audit, publisher
from tests.cache.workers import call_in_process
from tests.factories import make_product
from tests.processes import eventually
from tests.selection import effort
from tests.stock.killed import fork_writers

ROUNDS = effort(60, 400)


@pytest.mark.slow
@pytest.mark.long
def test_killed_processes_lose_no_last_version(app: Flask) -> None:
    make_product(variants=[{"sku": f"V{n}", "option1": str(n)} for n in range(5)])
    db.session.remove()
    url, prefix = app.config["SQLALCHEMY_DATABASE_URI"], app.config["CACHE_PREFIX"]
    call_in_process(fork_writers, url, app.instance_path, app.config["REDIS_URL"], prefix, ROUNDS)
    assert eventually(outbox_is_empty)
    client, (_, keys) = redis_roles.get_client(Role.LIVE), publisher.channel_and_prefix(app)
    for item in db.session.execute(select(StockItem)).scalars():
        assert int(client.hget(f"{keys}{item.sku}", "version") or 0) == item.version
        assert item.version == ROUNDS // 5 + 1
    assert audit.find_differences(db.session()) == []


def outbox_is_empty() -> bool:
    db.session.rollback()  # else the same snapshot would be read again
    return outbox.deliver_overdue() == 0 and outbox.waiting()[0] == 0
