"""The demo shop: a catalogue of our own, and generated catalogues of any size; `flask demo` loads either."""

from __future__ import annotations

import time
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from storefront import shop_settings
from storefront.catalog.pictures import StoredPicture
from storefront.demo import bulk_writer, catalogue, choice, loader, removal, shop_currency
from storefront.demo.loader import LoadResult, is_empty, load
from storefront.extensions import write_transaction
from storefront.terminal import errors_for_people, interruptible, progress_bar

__all__ = ["FIRST_REVISION", "LoadResult", "init_app", "is_empty", "is_wanted", "load"]

FIRST_REVISION = "0032"  # of the tables that keep the choice
MAX_PRODUCTS = 10_000_000
_SHARED = 36  # products of the demo whose pictures the generated products share


def init_app(app: Flask) -> None:
    """Register `flask demo`, and let the demo's prices follow the shop's currency."""
    app.cli.add_command(demo)
    shop_currency.init_app(app)


def is_wanted(*, decline: bool) -> bool:
    """Return whether a set-up is to load the demo: the shop is empty, and nobody has decided so far.

    Args:
        decline: decide against it, unless there is a decision.
    """
    with write_transaction() as session:
        if choice.read_choice(session) is not None:
            return False
        if not is_empty(session):
            choice.record_choice(session, "existing")
        elif decline:
            choice.record_choice(session, "declined")
        else:
            return True
    return False


@click.group(invoke_without_command=True)
@click.option("--products", type=click.IntRange(1, MAX_PRODUCTS), help="Generate this many products instead.")
@click.option("--seed", type=click.IntRange(0, 999_999), default=1, show_default=True, help="Which ones.")
@click.option("--no-pictures", is_flag=True, help="Generate products without pictures.")
@click.pass_context
@with_appcontext
def demo(context: click.Context, products: int | None, seed: int, no_pictures: bool) -> None:
    """Load the demo catalogue into an empty shop, or add generated products to any shop."""
    if context.invoked_subcommand is not None:
        return
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    with errors_for_people():
        if products is None:
            with progress_bar("Storing pictures") as progress:
                loaded = loader.load(app, progress)
            click.echo(
                f"Loaded {loaded.products} products with {loaded.variants} variants and {loaded.pictures} pictures "
                f"in {loaded.seconds:.0f} s."
            )
        else:
            _generate(products, seed, [] if no_pictures else _pictures(app))


@demo.command("remove")
@click.option("--dry-run", is_flag=True, help="List what would be removed, and what stays; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_appcontext
def remove_command(dry_run: bool, yes: bool) -> None:
    """Take the demo catalogue away: its products with their stock, its categories, its pictures.

    What somebody has changed, ordered or counted stays, and is listed. Generated products are not part of the demo
    catalogue. Afterwards no set-up loads the demo again; `flask demo` does.
    """
    plan = removal.plan_removal()
    for title, reason in plan.kept:
        click.echo(f"stays: {title}: {reason}")
    click.echo(
        f"{len(plan.product_ids):,} products with {len(plan.skus):,} variants are the demo's and unchanged, "
        f"{len(plan.kept):,} of the demo's products stay."
    )
    if dry_run:
        return
    if plan.product_ids and not yes:
        click.confirm("Remove them for good?", abort=True)
    removed = removal.remove_demo(plan, Path(current_app.config["MEDIA_DIR"]))
    click.echo(
        f"Removed {removed.products:,} products, {removed.categories:,} categories and {removed.pictures:,} "
        "pictures of the demo. No set-up loads it again; flask demo does."
    )


def _generate(number: int, seed: int, pictures: list[StoredPicture]) -> None:
    started, done = time.perf_counter(), 0
    batches = bulk_writer.write_generated(number, seed, shop_settings.current().currency, pictures)
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
