"""`flask token` and `flask webhook`: who may call the API, and who is told of events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click
from flask.cli import AppGroup

from storefront.api import tokens, webhooks
from storefront.errors import StorefrontError

token = AppGroup("token", help="Tokens of the JSON API.")


@token.command("create")
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, required=True, help=f"Of: {', '.join(tokens.SCOPES)}. Repeatable."
)
@click.option("--days", type=click.IntRange(1, 3650), help="After so many days it expires.")
def create_command(name: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Make a token and print it. It cannot be shown again."""
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    try:
        made = tokens.create_token(name, scopes, expires_at=expires_at)
    except StorefrontError as error:
        raise click.ClickException(str(error)) from error
    click.echo(made)


@token.command("list")
def list_command() -> None:
    """List all tokens: id, name, scopes, last use, and whether they hold."""
    for row in tokens.list_tokens():
        used = f"used {row.last_used_at:%Y-%m-%d %H:%M}" if row.last_used_at else "never used"
        click.echo(
            "\t".join([row.id, row.name, " ".join(row.scopes), used, _state(row.revoked_at, row.expires_at)])
        )


@token.command("revoke")
@click.argument("token_id", metavar="ID")
def revoke_command(token_id: str) -> None:
    """Revoke the token with this ID, at once."""
    try:
        row = tokens.revoke_token(token_id)
    except StorefrontError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{row.name} is revoked.")


def _state(revoked_at: datetime | None, expires_at: datetime | None) -> str:
    if revoked_at:
        return f"revoked {revoked_at:%Y-%m-%d %H:%M}"
    if expires_at is None:
        return "holds"
    return f"{'expired' if expires_at <= datetime.now(UTC) else 'holds until'} {expires_at:%Y-%m-%d %H:%M}"


webhook = AppGroup("webhook", help="Addresses that are told of events, and what they were told.")


@webhook.command("add")
@click.argument("url")
@click.option("--event", "events", multiple=True, required=True, help=f"Of: {', '.join(webhooks.EVENTS)}.")
def add_command(url: str, events: tuple[str, ...]) -> None:
    """Have URL told of events; print the secret that its messages are signed with."""
    try:
        made = webhooks.add_webhook(url, events)
    except StorefrontError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{made.id}\t{made.secret}")


@webhook.command("list")
def webhooks_command() -> None:
    """List all webhooks: id, address, events."""
    for row in webhooks.list_webhooks():
        click.echo("\t".join([row.id, row.url, " ".join(row.events)]))


@webhook.command("remove")
@click.argument("webhook_id", metavar="ID")
def remove_command(webhook_id: str) -> None:
    """Tell the webhook with this ID no more."""
    try:
        webhooks.remove_webhook(webhook_id)
    except StorefrontError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{webhook_id} is told no more.")


@webhook.command("log")
@click.argument("webhook_id", metavar="ID", required=False)
@click.option("--most", default=50, type=click.IntRange(1, 10_000), help="How many, the latest first.")
def log_command(webhook_id: str | None, most: int) -> None:
    """List the latest messages: when, which, of what, how often tried, what came of it."""
    for row in webhooks.list_deliveries(webhook_id, most):
        state = "delivered" if row.delivered_at else "waits" if row.due_at else "given up"
        tried = f"{row.attempts} attempt{'s' if row.attempts != 1 else ''}"
        click.echo(
            "\t".join([f"{row.created_at:%Y-%m-%d %H:%M:%S}", row.id, row.event, tried, state, row.outcome])
        )
