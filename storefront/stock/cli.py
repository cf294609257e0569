"""`flask stock`: set stock, and compare it with its ledger."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from storefront import cache
from storefront.cache import keys
from storefront.errors import StorefrontError
from storefront.extensions import db, write_transaction
from storefront.stock import audit
from storefront.stock.inventory import set_on_hand

stock = AppGroup("stock", help="Set stock; compare it with its ledger.")


@stock.command("set")
@click.argument("sku")
@click.argument("number", type=click.IntRange(0, 2**31 - 1))
@click.option("--reason", required=True, help="Why, for the ledger.")
def set_command(sku: str, number: int, reason: str) -> None:
    """Set what is on hand of SKU to NUMBER."""
    try:
        with write_transaction() as session:
            now = set_on_hand(session, sku, number, reason=reason[:255])
    except StorefrontError as error:
        raise click.ClickException(str(error)) from error
    more = "" if now == number else f" ({now - number} more than requested: {now} are reserved)"
    click.echo(f"{sku}: {now} on hand{more}.")


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
            cache.invalidate_on_commit(session, keys.EVERYTHING, cause="flask stock audit --repair")
        click.echo(f"{len(repaired)} rows were set to what the ledger says.")
    else:
        raise SystemExit(1)
