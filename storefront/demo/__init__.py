"""The demo shop: a catalogue of our own, and generated catalogues of any size; `flask demo` loads either."""

from __future__ import annotations

import time
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from storefront.catalog.pictures import StoredPicture
from storefront.demo import bulk_writer, catalogue, loader
from storefront.demo.loader import LoadResult, is_empty, load
from storefront.terminal import errors_for_people, interruptible, progress_bar

__all__ = ["LoadResult", "init_app", "is_empty", "load"]

MAX_PRODUCTS = 10_000_000
_SHARED = 36  # products of the demo whose pictures the generated products share


def init_app(app: Flask) -> None:
    """Register `flask demo`."""
    app.cli.add_command(demo)


@click.command()
@click.option("--products", type=click.IntRange(1, MAX_PRODUCTS), help="Generate this many products instead.")
@click.option("--seed", type=click.IntRange(0, 999_999), default=1, show_default=True, help="Which ones.")
@click.option("--no-pictures", is_flag=True, help="Generate products without pictures.")
@with_appcontext
def demo(products: int | None, seed: int, no_pictures: bool) -> None:
    """Load the demo catalogue into an empty shop, or add generated products to any shop."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    with errors_for_people():
        if products is None:
            loaded = loader.load(app)
            click.echo(
                f"Loaded {loaded.products} products with {loaded.variants} variants and {loaded.pictures} pictures "
                f"in {loaded.seconds:.0f} s."
            )
        else:
            _generate(app, products, seed, [] if no_pictures else _pictures(app))


def _generate(app: Flask, number: int, seed: int, pictures: list[StoredPicture]) -> None:
    started, done = time.perf_counter(), 0
    batches = bulk_writer.write_generated(number, seed, app.config["CURRENCY"], pictures)
    with (
        interruptible(lambda: f"{done:,} products are in the shop; the batch that was being written is not."),
        progress_bar("Generating products", number) as progress,
    ):
        for size in batches:
            done += size
            progress(done, number)
    seconds = time.perf_counter() - started
    click.echo(f"Generated {done:,} products in {seconds:.1f} s ({done / seconds:,.0f} a second).")


def _pictures(app: Flask) -> list[StoredPicture]:
    """Return a few dozen pictures of the demo catalogue for the generated products to share."""
    first = [item.pictures[0] for item in catalogue.read_products()[:_SHARED]]
    return list(loader.store_pictures(list(dict.fromkeys(first)), Path(app.config["MEDIA_DIR"])).values())
