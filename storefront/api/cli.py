"""`flask token` and `flask webhook`: the tokens of the API, and the webhooks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click
from flask.cli import AppGroup

from storefront.api import tokens, webhooks
from storefront.terminal import errors_for_people, show_time
from storefront.web.permissions import SCOPES

token = AppGroup("token", help="Tokens of the JSON API.")


@token.command("create")
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, required=True, help=f"One of: {', '.join(SCOPES)}. Repeatable."
)
@click.option(
    "--days", type=click.IntRange(1, 3650), help="The number of days after which the token expires."
)
def create_command(name: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Create a token and print it. It cannot be shown again."""
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    with errors_for_people():
        created = tokens.create_token(name, scopes, expires_at=expires_at)
    click.echo(created)


@token.command("list")
def list_command() -> None:
    """List all tokens: id, name, scopes, last use and validity."""
    for row in tokens.list_tokens():
        used = f"used {show_time(row.last_used_at)}" if row.last_used_at else "never used"
        click.echo(
            "\t".join([row.id, row.name, " ".join(row.scopes), used, _state(row.revoked_at, row.expires_at)])
        )


@token.command("revoke")
@click.argument("token_id", metavar="ID")
def revoke_command(token_id: str) -> None:
    """Revoke the token with this ID, at once."""
    with errors_for_people():
        row = tokens.revoke_token(token_id)
    click.echo(f"{row.name} is revoked.")


def _state(revoked_at: datetime | None, expires_at: datetime | None) -> str:
    if revoked_at:
        return f"revoked {show_time(revoked_at)}"
    if expires_at is None:
        return "valid"
    return f"{'expired' if expires_at <= datetime.now(UTC) else 'valid until'} {show_time(expires_at)}"


webhook = AppGroup("webhook", help="URLs that are called when something happens, and the log of these calls.")


@webhook.command("add")
@click.argument("url")
@click.option(
    "--event",
    "events",
    multiple=True,
    required=True,
    help=f"One of: {', '.join(webhooks.EVENTS)}. Repeatable.",
)
def add_command(url: str, events: tuple[str, ...]) -> None:
    """Subscribe URL to events; print the secret that signs its messages."""
    with errors_for_people():
        created = webhooks.add_webhook(url, events)
    click.echo(f"{created.id}\t{created.secret}")


@webhook.command("list")
def webhooks_command() -> None:
    """List all webhooks: id, URL and events."""
    for row in webhooks.list_webhooks():
        click.echo("\t".join([row.id, row.url, " ".join(row.events)]))


@webhook.command("remove")
@click.argument("webhook_id", metavar="ID")
def remove_command(webhook_id: str) -> None:
    """Remove the webhook with this ID, and its messages."""
    with errors_for_people():
        webhooks.remove_webhook(webhook_id)
    click.echo(f"{webhook_id} is removed.")


@webhook.command("log")
@click.argument("webhook_id", metavar="ID", required=False)
@click.option("--most", default=50, type=click.IntRange(1, 10_000), help="The number of messages to list.")
def log_command(webhook_id: str | None, most: int) -> None:
    """List the latest messages, newest first: time, id, event, attempts, state and outcome."""
    for row in webhooks.list_deliveries(webhook_id, most):
        state = "delivered" if row.delivered_at else "waiting" if row.due_at else "given up"
        tried = f"{row.attempts} attempt{'s' if row.attempts != 1 else ''}"
        click.echo("\t".join([show_time(row.created_at), row.id, row.event, tried, state, row.outcome]))
