"""Which tests run in one process, one after the other: those of a file, and those of files that share a shop."""

from __future__ import annotations

from xdist.scheduler.loadscope import LoadScopeScheduling

OFFICE = "browser: the office"
SHOPPERS = "browser: shoppers"
# The demo shop in a browser is served once for each of two groups: as one they would take longer than all the others.
_OFFICE_FILES = (
    "test_editor",
    "test_first_day",
    "test_grid",
    "test_looks",
    "test_office_looks",
    "test_order",
)
# They serve shops of their own.
_ALONE = ("test_below_a_path", "test_limits", "test_own_shop", "test_starting", "test_without_redis")


class RoomScheduling(LoadScopeScheduling):
    """Runs the tests of a group in one process."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


def group(nodeid: str) -> str:
    """Return the name of a test's group: its file below `tests/`, or what the file shares with others."""
    file = nodeid.partition("::")[0].removeprefix("tests/")
    room, _, name = file.partition("/")
    stem = name.removesuffix(".py")
    if room == "browser" and stem not in _ALONE:
        return OFFICE if stem in _OFFICE_FILES else SHOPPERS
    return room if room == "chaos" else file
