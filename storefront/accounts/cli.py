"""`flask user`: people, from the command line."""

from __future__ import annotations

import secrets
import sys

import click
from flask.cli import AppGroup

from storefront.accounts import credentials, passwords
from storefront.errors import StorefrontError
from storefront.mail import email_address

user = AppGroup("user", help="Make accounts.")


@user.command("create")
@click.argument("email")
@click.option("--staff", is_flag=True, help="Somebody who runs the shop.")
@click.option("--name", default="", help="As pages call them.")
@click.option("--generate", is_flag=True, help="Make a password and print it, instead of asking for one.")
def create_command(email: str, staff: bool, name: str, generate: bool) -> None:
    """Make an account for EMAIL. Asks for a password; where nobody can be asked, one is made and printed."""
    folded = email_address.fold(email)
    if folded is None:
        raise click.ClickException(f"{email!r} is no e-mail address that we can write to.")
    generate = generate or not at_terminal()
    password = (
        secrets.token_urlsafe(15)
        if generate
        else click.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    if weak := passwords.find_weakness(password, folded, name):
        raise click.ClickException(weak)
    try:
        credentials.create_account(folded, password, name[:100], is_staff=staff)
    except StorefrontError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{folded} can sign in{' and is staff' if staff else ''}.")
    if generate:
        click.echo(f"Password: {password}")


def at_terminal() -> bool:
    """Return whether somebody is there who can be asked."""
    return sys.stdin.isatty()
