"""`flask user`: accounts from the command line."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from typing import TypeVar

import click
from flask.cli import AppGroup

from storefront.accounts import administration, credentials, passwords, sign_in_links, staff_roles
from storefront.accounts.models import User
from storefront.mail import email_address
from storefront.terminal import errors_for_people, show_time
from storefront.web.permissions import ROLE_NAMES, RoleName
from storefront.web.prefix import add_prefix
from storefront.web.same_origin import canonical_url

T = TypeVar("T")

user = AppGroup("user", help="People: their accounts, roles and access.")


def _fold(_context: click.Context, _parameter: click.Parameter, email: str) -> str:
    folded = email_address.normalize_email(email)
    if folded is None:
        raise click.ClickException(f"{email!r} is not a valid e-mail address.")
    return folded


_email = click.argument("email", callback=_fold)
_role = click.option(
    "--role",
    type=click.Choice(ROLE_NAMES),
    help="What a member of the staff may do. Default: the first one owns the shop, the others manage it.",
)


@user.command("create")
@_email
@click.option("--staff", is_flag=True, help="Make the account a member of the staff.")
@_role
@click.option("--name", default="", help="The name that pages show.")
@click.option("--generate", is_flag=True, help="Generate a password and print it, instead of asking for one.")
def create_command(email: str, staff: bool, role: RoleName | None, name: str, generate: bool) -> None:
    """Create an account for EMAIL. Asks for a password; without a terminal, generates one and prints it."""
    generate = generate or not is_interactive()
    password = (
        secrets.token_urlsafe(15)
        if generate
        else click.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    if weak := passwords.find_weakness(password, email, name):
        raise click.ClickException(weak)
    with errors_for_people():
        given = (role or staff_roles.default_role()) if staff or role else None
        credentials.create_account(email, password, name[:100], role=given)
    click.echo(f"{email} can sign in{f' and is staff: {given}' if given else ''}.")
    if generate:
        click.echo(f"Password: {password}")


@user.command("list")
@click.option("--staff", is_flag=True, help="Only members of the staff.")
def list_command(staff: bool) -> None:
    """List accounts: e-mail, name, role, state, and where they are signed in."""
    for row in administration.list_accounts(staff_only=staff):
        state = f"disabled {show_time(row.user.disabled_at)}" if row.user.disabled_at else "enabled"
        seen = f"last seen {show_time(row.last_seen_at)}" if row.last_seen_at else "signed out"
        role = row.user.staff_role or "customer"
        click.echo(
            "\t".join([row.user.email, row.user.name or "-", role, state, f"{row.sign_ins} sign-ins, {seen}"])
        )


@user.command("promote")
@_email
@_role
def promote_command(email: str, role: RoleName | None) -> None:
    """Make the account EMAIL a member of the staff, or give it another role. The person has to sign in again."""
    changed = _run(lambda: administration.set_role(email, role, needs_owner=False))
    given = _run(lambda: administration.find(email)).staff_role
    click.echo(f"{email} is staff {'now' if changed else 'already'}: {given}.")
    _warn_without_owner()


@user.command("demote")
@_email
def demote_command(email: str) -> None:
    """Take the staff pages from the account EMAIL; it stays a customer's account. Signs it out everywhere."""
    changed = _run(lambda: administration.set_role(email, is_staff=False, needs_owner=False))
    click.echo(f"{email} is {'no longer' if changed else 'not'} staff.")
    _warn_without_owner()


@user.command("disable")
@_email
def disable_command(email: str) -> None:
    """Lock the account EMAIL: it is signed out everywhere, and cannot sign in or ask for a new password."""
    changed = _run(lambda: administration.set_disabled(email, is_disabled=True, needs_owner=False))
    click.echo(f"{email} is {'disabled' if changed else 'disabled already'}. Undo: flask user enable {email}")
    _warn_without_owner()


@user.command("enable")
@_email
def enable_command(email: str) -> None:
    """Unlock the account EMAIL after `disable`. The password stays as it was."""
    changed = _run(lambda: administration.set_disabled(email, is_disabled=False))
    click.echo(f"{email} can sign in{' again' if changed else ': it was not disabled'}.")


@user.command("sign-out")
@_email
def sign_out_command(email: str) -> None:
    """Sign the account EMAIL out in all browsers, and void the links that were mailed to it."""
    count = _run(lambda: administration.sign_out_everywhere(email))
    click.echo(f"{email} is signed out everywhere ({count} sign-ins ended).")


@user.command("link")
@_email
def link_command(email: str) -> None:
    """Print a link that signs EMAIL in without a password: once, within 15 minutes, on this machine only."""
    if not sign_in_links.are_accepted():
        raise click.ClickException(
            "There are no sign-in links in production. Sign in with the password; "
            f"{add_prefix('/account/reset')} mails a link that sets a new one."
        )
    click.echo(sign_in_links.describe(_find_enabled(email)))


@user.command("reset-second-factor")
@_email
def reset_second_factor_command(email: str) -> None:
    """Print a link with which EMAIL, after the password, sets up a new second factor. It works once, for an hour."""
    account = _find_enabled(email)
    url = canonical_url("second_factor_reset.show", token=administration.second_factor_reset_token(account))
    click.echo(
        f"Make sure that you talk to {account.email}, and pass this link on. It works once, for an hour:"
    )
    click.echo(url)


def _warn_without_owner() -> None:
    """Say on the standard error if nobody owns the shop any longer."""
    if staff_roles.default_role() == "owner":
        click.echo("The shop has no owner. Make one: flask user promote EMAIL --role owner", err=True)


def _find_enabled(email: str) -> User:
    account = _run(lambda: administration.find(email))
    if account.disabled_at is not None:
        raise click.ClickException(f"{account.email} is disabled. Undo: flask user enable {account.email}")
    return account


def _run(change: Callable[[], T]) -> T:
    """Return what the change returns; an unknown account becomes the command's error."""
    try:
        return change()
    except administration.UnknownAccountError as error:
        raise click.ClickException(
            f"There is no account {error.email}. `flask user list` shows all; `flask user create` makes one."
        ) from error


def is_interactive() -> bool:
    """Return whether the standard input is a terminal, so that a person can be asked."""
    return sys.stdin.isatty()
