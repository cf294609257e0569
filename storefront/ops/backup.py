"""`flask backup FILE` and `flask restore FILE`: the database and the pictures in one tar archive.

Redis is not part of a backup, because everything in it can be rebuilt or lost. The shop may serve during a backup:
SQLite's online backup and pg_dump both read a consistent snapshot, and picture files never change.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import URL, inspect, select, update

from storefront import cache
from storefront.accounts import User
from storefront.cache.keys import EVERYTHING
from storefront.catalog.models import Product
from storefront.checkout.models import Order
from storefront.extensions import db, write_transaction
from storefront.ops import schema
from storefront.stock import StockItem

FORMAT = 1
# Added to every stock version on restore. Browsers and Redis ignore a version lower than one they have seen, and the
# restored rows have lower versions.
_VERSION_STEP = 1_000_000


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@with_appcontext
def backup(file: Path) -> None:
    """Write the database and the pictures to FILE, a tar archive. The shop can keep serving."""
    if file.exists():
        raise click.ClickException(f"{file} already exists. Choose another file name.")
    draft = file.with_name(f"{file.name}.part")
    media = Path(current_app.config["MEDIA_DIR"])
    try:
        with tempfile.TemporaryDirectory(dir=file.absolute().parent) as folder:
            dump = Path(folder) / "database"
            _dump(dump)
            about = {"format": FORMAT, "database": _kind(), "taken_at": datetime.now(UTC).isoformat()}
            manifest = Path(folder) / "manifest.json"
            manifest.write_text(json.dumps(about))
            draft.touch(mode=0o600)  # it contains customers' data
            with tarfile.open(draft, "w") as archive:
                archive.add(manifest, "manifest.json")
                archive.add(dump, "database")
                if media.exists():
                    archive.add(media, "media")
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise click.ClickException(f"Cannot write {file}: {error.strerror}.") from error
    draft.rename(file)
    click.echo(f"{file} contains the database and the pictures ({file.stat().st_size / 1e6:,.1f} MB).")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--force", is_flag=True, help="Replace a shop that has products, customers or orders.")
@with_appcontext
def restore(file: Path, force: bool) -> None:
    """Restore the backup in FILE. Everything that is in the database now is lost."""
    if not force and _in_use():
        raise click.ClickException(
            "This shop has products, customers or orders, and they would be lost. Back it up, then add --force."
        )
    with tempfile.TemporaryDirectory(dir=current_app.instance_path) as folder:
        _unpack(file, Path(folder))
        db.session.remove()
        db.engine.dispose()
        _load(Path(folder) / "database")
        _put_back(Path(folder) / "media", Path(current_app.config["MEDIA_DIR"]))
    if schema.problem() is not None:
        schema.migrate()  # the backup was taken by an older version
    with write_transaction() as session:
        session.execute(update(StockItem).values(version=StockItem.version + _VERSION_STEP))
        cache.invalidate_on_commit(session, EVERYTHING, cause="flask restore", hard=True)
    click.echo("Restored. Restart the shop, so that open pages connect again.")


def _kind() -> str:
    return str(db.engine.dialect.name)


def _in_use() -> bool:
    if schema.problem() is not None:
        return bool(inspect(db.engine).has_table("product"))
    return any(
        db.session.execute(select(table).limit(1)).first() for table in (Product.id, User.id, Order.id)
    )


def _unpack(file: Path, folder: Path) -> None:
    try:
        with tarfile.open(file) as archive:
            _extract(archive, folder)
        about: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    except (tarfile.TarError, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.ENOENT):
            raise  # of the disk, not of the archive
        raise click.ClickException(f"{file} is not a backup of a shop, or it is damaged.") from error
    if about.get("format") != FORMAT or not (folder / "database").is_file():
        raise click.ClickException(f"{file} was written by another version; restore it with that.")
    if about["database"] != _kind():
        raise click.ClickException(
            f"{file} is of a shop on {about['database']}, this one is on {_kind()}. Set DATABASE_URL accordingly."
        )


def _extract(archive: tarfile.TarFile, folder: Path) -> None:
    """Extract an archive under a folder, refusing links and paths that lead out of it.

    This does not use `extractall`, because its safety filter (PEP 706) needs Python 3.11.4.

    Raises:
        TarError: a member is not a plain file or folder inside the archive.
    """
    for member in archive.getmembers():
        name = Path(member.name)
        if not (member.isreg() or member.isdir()) or name.is_absolute() or ".." in name.parts:
            raise tarfile.TarError(member.name)
        if (content := archive.extractfile(member)) is not None:  # a folder has none
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            with content, (folder / name).open("wb") as file:
                shutil.copyfileobj(content, file)


def _dump(target: Path) -> None:
    if _kind() == "sqlite":
        with closing(sqlite3.connect(_sqlite_file())) as ours, closing(sqlite3.connect(target)) as copy:
            ours.backup(copy)
    else:
        _run("pg_dump", "--format=custom", "--no-owner", "--file", str(target))


def _load(source: Path) -> None:
    if _kind() == "sqlite":
        with closing(sqlite3.connect(source)) as theirs:
            if theirs.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise click.ClickException("The database in this backup is damaged. Nothing was changed.")
            with closing(sqlite3.connect(_sqlite_file(), timeout=30)) as ours:
                theirs.backup(ours)  # in one transaction: readers see the old database or the new one
    else:
        _replace_tables(source)


def _replace_tables(source: Path) -> None:
    """Replace all tables of a PostgreSQL database by those of a dump, in one transaction.

    pg_restore alone drops only the tables of the dump, which fails if later ones refer to them.
    """
    script = source.with_name("restore.sql")
    _run(
        "pg_restore",
        "--clean",
        "--if-exists",
        "--no-owner",
        "--file",
        str(script),
        str(source),
        connect=False,
    )
    quote = db.engine.dialect.identifier_preparer.quote
    present = ", ".join(quote(table) for table in inspect(db.engine).get_table_names())
    drop = ("--command", f"DROP TABLE IF EXISTS {present} CASCADE") if present else ()
    _run(
        "psql",
        "--quiet",
        "--no-psqlrc",
        "--single-transaction",
        "--set=ON_ERROR_STOP=1",
        *drop,
        f"--file={script}",
    )


def _run(program: str, *arguments: str, connect: bool = True) -> None:
    found = shutil.which(program)
    if found is None:
        raise click.ClickException(
            f"{program} is not installed. On Debian: apt-get install postgresql-client"
        )
    # The password goes through the environment, because every user of a host can read a process's arguments.
    url = db.engine.url.set(drivername="postgresql")
    secret = {"PGPASSWORD": str(url.password)} if url.password else {}
    where = URL.create(url.drivername, url.username, None, url.host, url.port, url.database, url.query)
    database = ("--dbname", where.render_as_string(hide_password=False)) if connect else ()
    done = subprocess.run(  # noqa: S603  # a program of PostgreSQL's, with words of ours
        [found, *database, *arguments],
        # A server that is frozen takes connections and never answers.
        env={"PGCONNECT_TIMEOUT": "10"} | os.environ | secret,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise click.ClickException(f"{program} failed: {done.stderr.strip()[-500:]}")


def _sqlite_file() -> str:
    return str(db.engine.url.database)


def _put_back(source: Path, media: Path) -> None:
    """Copy missing pictures. Existing files stay, because a picture's name is the digest of its content."""
    for picture in source.rglob("*") if source.exists() else ():
        target = media / picture.relative_to(source)
        if picture.is_file() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(picture, target)
