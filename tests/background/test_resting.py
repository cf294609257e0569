"""The periodic tasks of a shop in which nothing happens: each says that there is nothing more to do, and rests.

A task that always finds something more begins again at once, for ever: a core for nothing.
"""

from __future__ import annotations

import pytest
from flask import Flask

from storefront import periodic

RUNS = 3  # a task may have something to do once


@pytest.mark.any_database
def test_every_task_of_an_idle_shop_rests(app: Flask) -> None:
    tasks = periodic._registry.get(app).tasks
    assert len(tasks) > 10
    for _run in range(RUNS):
        busy = {name for name, task in tasks.items() if task.work()}
    assert busy == set()
