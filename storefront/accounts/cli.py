"""`flask user`: accounts from the command line."""

from __future__ import annotations

import secrets
import sys

import click
from flask.cli import AppGroup

from storefront.accounts import credentials, passwords
from storefront.errors import StorefrontError
from storefront.mail import email_address

user = AppGroup("user", help="Create accounts.")


@user.command("create")
@click.argument("email")
@click.option("--staff", is_flag=True, help="Make the account a member of the staff.")
@click.option("--name", default="", help="The name that pages show.")
@click.option("--generate", is_flag=True, help="Generate a password and print it, instead of asking for one.")
def create_command(email: str, staff: bool, name: str, generate: bool) -> None:
    """Create an account for EMAIL. Asks for a password; without a terminal, generates one and prints it."""
    folded = email_address.normalize_email(email)
    if folded is None:
        raise click.ClickException(f"{email!r} is not a valid e-mail address.")
    generate = generate or not is_interactive()
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


def is_interactive() -> bool:
    """Return whether the standard input is a terminal, so that a person can be asked."""
    return sys.stdin.isatty()
