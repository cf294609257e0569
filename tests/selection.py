"""Which tests a run takes: all, the quick ones or the long ones; and with how much effort.

`make test` runs every promise's test, on each database where that matters. `make quick` leaves out slow files and
tests, browsers and PostgreSQL. `make test-long` runs the tests marked `long` with more examples and repetitions,
and those that `make test` leaves out: marked `only_long`, or marked `any_database` and on PostgreSQL.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

DATABASES = ("sqlite", "postgresql")
_LONG = "STOREFRONT_TESTS_LONG"
_QUICK = 4.0  # seconds; files that took longer are left out of `make quick`


def add_options(parser: pytest.Parser) -> None:
    """Declare --quick, --long and --databases."""
    group = parser.getgroup("storefront")
    group.addoption("--quick", action="store_true", help="no slow test, no browser, no PostgreSQL")
    group.addoption("--long", action="store_true", help="only the tests marked `long`, with all their effort")
    group.addoption("--databases", default=",".join(DATABASES), help="run tests on these databases only")


def configure(config: pytest.Config) -> None:
    """Let test modules and the processes that they start know that this run is a long one."""
    settings.register_profile("long", max_examples=2000, deadline=None)
    if config.getoption("--long"):
        os.environ[_LONG] = "1"
        settings.load_profile("long")


def effort(usual: int, long: int) -> int:
    """Return how often a test repeats something: in `make test`, or in `make test-long`."""
    return long if os.environ.get(_LONG) else usual


def is_selected(item: pytest.Item, seconds: float) -> bool:
    """Return whether the run's options want this test, whose file took so many seconds when last measured."""
    config, marks = item.config, {mark.name for mark in item.iter_markers()}
    quick, long = config.getoption("--quick"), config.getoption("--long")
    databases = {"sqlite"} if quick else set(config.getoption("--databases").split(","))
    used = _databases(item)
    only_long = "only_long" in marks or ("any_database" in marks and "postgresql" in used)
    if only_long != long and not (long and "long" in marks):
        return False
    if quick and (marks & {"slow", "browser"} or seconds > _QUICK):
        return False
    return used <= databases


def _databases(item: pytest.Item) -> set[str]:
    """Return the databases that a test runs on: its parameter's, and PostgreSQL if it asks for a server."""
    call = getattr(item, "callspec", None)
    names = {value for value in (call.params.values() if call else ()) if value in DATABASES}
    return names | ({"postgresql"} if "postgresql_server" in getattr(item, "fixturenames", ()) else set())
