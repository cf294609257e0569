"""Shops to measure, each in a temporary instance directory and created by the shop's own commands."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from flask import Flask
from psycopg.sql import SQL, Identifier
from redis import Redis

from storefront.app import create_app
from tests.postgresql import postgresql_in

ROOT = Path(__file__).parent.parent
WARM_SECONDS = 600
METRICS_TOKEN = "a-token-of-good-length"


def environ(instance: Path) -> dict[str, str]:
    """Return environment variables of a shop with all its data in this directory."""
    return {
        "PATH": os.environ["PATH"],
        "FLASK_APP": "wsgi",
        "STOREFRONT_ENV": "testing",
        "SECRET_KEY": "only for benchmarks",
        "STOREFRONT_METRICS_TOKEN": METRICS_TOKEN,
        "DATABASE_URL": f"sqlite:///{instance / 'shop.sqlite3'}",
        "STOREFRONT_MEDIA_DIR": str(instance / "media"),
    }


def command(instance: Path, *arguments: str, **settings: str) -> float:
    """Run a flask command on the shop and return how many seconds it took."""
    began, variables = time.perf_counter(), environ(instance) | settings
    subprocess.run([sys.executable, "-m", "flask", *arguments], cwd=ROOT, env=variables, check=True)
    return time.perf_counter() - began


@contextmanager
def databases(kind: str, folder: Path) -> Iterator[Callable[[str], dict[str, str]]]:
    """Yield a function that returns the settings of a shop with this name, whose database may exist already.

    Args:
        kind: "sqlite", or "postgresql": a server of our own.
        folder: where the server keeps its data.
    """
    if kind == "sqlite":
        yield lambda _: {}
        return
    with postgresql_in(folder / "postgresql") as server:

        def settings(name: str) -> dict[str, str]:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                    connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
            return {"DATABASE_URL": server.get_uri(name)}

        yield settings


@contextmanager
def empty(**settings: str) -> Iterator[Path]:
    """Yield the instance directory of a migrated, empty shop; it is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="storefront-bench-") as folder:
        command(Path(folder), "db", "upgrade", **settings)
        yield Path(folder)


@contextmanager
def generated(products: int, **settings: str) -> Iterator[tuple[Flask, float]]:
    """Yield a shop with this many generated products, and the seconds that generating them took.

    `settings` are further environment variables of the shop.
    """
    with empty(**settings) as instance:
        generating = ("demo", "--products", str(products), "--seed", "1", "--no-pictures")
        seconds = command(instance, *generating, **settings)
        # Without rate limits: a benchmark sends more requests than a client may.
        variables = environ(instance) | {"STOREFRONT_LIMITS": "off"} | settings
        yield create_app(variables, instance=instance), seconds


def wait_until_warm(redis_url: str) -> None:
    """Wait until a shop on this Redis has rendered its pages in advance, as each new version does when it starts.

    Raises:
        SystemExit: it has not after WARM_SECONDS.
    """
    deadline = time.monotonic() + WARM_SECONDS
    with Redis.from_url(redis_url) as redis:
        while not any(not key.startswith(b"lock:") for key in redis.scan_iter("*:warmed:*")):
            if time.monotonic() > deadline:
                raise SystemExit(f"the shop has not rendered its pages in advance after {WARM_SECONDS} s")
            time.sleep(0.5)


def table(title: str, header: list[str], rows: list[list[str]]) -> None:
    """Print a table in Markdown."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    print(f"\n## {title}\n")
    for row in [header, ["-" * width for width in widths], *rows]:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
    sys.stdout.flush()
