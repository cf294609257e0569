"""`flask stock`: set stock, receive deliveries, and compare stock with its ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from flask.cli import AppGroup

from storefront import cache
from storefront.cache.keys import EVERYTHING
from storefront.extensions import db, write_transaction
from storefront.stock import audit, inventory
from storefront.stock.inventory import MAX_ON_HAND
from storefront.stock.lookup import AmbiguousSkuError, find_variant
from storefront.terminal import errors_for_people

stock = AppGroup("stock", help="Set stock; receive deliveries; compare stock with its ledger.")


def _variant_arguments(command: Callable[..., None]) -> Callable[..., None]:
    """Add the arguments of a command about one variant: SKU, which is its code or its label, and --code."""
    by_code = click.option("--code", is_flag=True, help="SKU is a code, whatever has it as its shown SKU.")
    return click.argument("sku")(by_code(command))


@stock.command("set")
@_variant_arguments
@click.argument("number", type=click.IntRange(0, MAX_ON_HAND))
@click.option("--reason", required=True, help="Why, for the ledger.")
@click.option("--expected", type=click.IntRange(0), help="Refuse if something else than this is on hand now.")
def set_command(sku: str, number: int, reason: str, expected: int | None, code: bool) -> None:
    """Set what is on hand of SKU to NUMBER."""
    with _errors_of_commands():
        found = find_variant(sku, is_code=code)
        with write_transaction() as session:
            now = inventory.set_on_hand(session, found.sku, number, reason=reason[:255], expected=expected)
    more = "" if now == number else f" ({now - number} more than requested: {now} are reserved)"
    click.echo(f"{found.sku}: {now} on hand{more}.")


@stock.command("receive")
@_variant_arguments
@click.argument("number", type=click.IntRange(1, MAX_ON_HAND))
@click.option("--reason", default="", help="A note for the ledger, such as the number of the delivery.")
def receive_command(sku: str, number: int, reason: str, code: bool) -> None:
    """Add a delivery of NUMBER to what is on hand of SKU."""
    with _errors_of_commands():
        found = find_variant(sku, is_code=code)
        with write_transaction() as session:
            now = inventory.receive(session, found.sku, number, reason=reason[:255]).on_hand
    click.echo(f"{found.sku}: {number} received, {now} on hand.")


@stock.command("audit")
@click.option("--repair", is_flag=True, help="Set the rows to what the ledger says.")
def audit_command(repair: bool) -> None:
    """Compare every row with its ledger; the exit status is 1 if anything differs and was not repaired."""
    differences = audit.find_differences(db.session())
    for difference in differences:
        click.echo(str(difference))
    if not differences:
        click.echo("Every row agrees with its ledger.")
    elif repair:
        with write_transaction() as session:
            repaired = audit.repair(session, {difference.sku for difference in differences})
            cache.invalidate_on_commit(session, EVERYTHING, cause="flask stock audit --repair")
        click.echo(f"{len(repaired)} rows were set to what the ledger says.")
    else:
        raise SystemExit(1)


@contextmanager
def _errors_of_commands() -> Iterator[None]:
    """Print errors of the shop as the command's own."""
    with errors_for_people():
        try:
            yield
        except AmbiguousSkuError as error:
            hint = " With --code it is taken as a code." if error.is_code else ""
            raise click.ClickException(f"{error}{hint}") from error
