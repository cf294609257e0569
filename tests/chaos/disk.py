"""A small disk for a database that a test can fill. Where a test may not mount one, a limit on file sizes."""

from __future__ import annotations

import resource
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psutil

from tests.processes import eventually


@contextmanager
def disk(folder: Path) -> Iterator[Path]:
    """Mount a disk of 32 MB on this directory until the block ends, if the user may mount."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m", "tests", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield folder
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def full(database: Path, processes: Sequence[psutil.Process]) -> Iterator[None]:
    """Refuse the writes of these processes to this SQLite database until the block ends."""
    with _filled(database) if database.parent.is_mount() else _limited(database, processes):
        yield


@contextmanager
def _filled(database: Path) -> Iterator[None]:
    with closing(sqlite3.connect(database)) as connection:
        # SQLite could overwrite its existing log for long. A truncated log needs room for the next write.
        truncate = "PRAGMA wal_checkpoint(TRUNCATE)"
        assert eventually(lambda: connection.execute(truncate).fetchone()[0] == 0)
    ballast = database.with_name("ballast")
    with ballast.open("wb", buffering=0) as file:
        for size in (65536, 512):
            with suppress(OSError):  # no space left on the device
                while file.write(bytes(size)):
                    pass
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def _limited(database: Path, processes: Sequence[psutil.Process]) -> Iterator[None]:
    most = min(one.stat().st_size for one in (database, database.with_name(f"{database.name}-wal"))) // 2
    before = {one.pid: one.rlimit(resource.RLIMIT_FSIZE) for one in processes}
    for one in processes:
        one.rlimit(resource.RLIMIT_FSIZE, (most, before[one.pid][1]))
    try:
        yield
    finally:
        for one in processes:
            one.rlimit(resource.RLIMIT_FSIZE, before[one.pid])
