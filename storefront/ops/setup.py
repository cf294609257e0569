"""Set-up: `flask setup`, which `make run` does before it serves, and the start of `flask run`. Safe to repeat."""

from __future__ import annotations

import errno
import logging
import socket

import click
from flask import Flask, current_app
from flask.cli import run_command, shell_command, with_appcontext
from werkzeug.serving import is_running_from_reloader

from storefront import demo, failures
from storefront.accounts import sign_in_links
from storefront.catalog.list_index import search_rebuild
from storefront.errors import StorefrontError
from storefront.extensions import db
from storefront.ops import schema
from storefront.terminal import interruptible, progress_bar
from storefront.web import hosts

log = logging.getLogger(__name__)

_ONLY_HERE = "Without HOST the shop is served on 127.0.0.1, for this machine only."


class UnusableAddressError(StorefrontError):
    """The development server cannot listen at the given address; the text says why, and what to do."""


@click.command()
@click.option("--no-demo", is_flag=True, help="Leave an empty shop empty, now and at later starts.")
@click.option("--bind", metavar="HOST:PORT", default="", help="First check that a server can listen there.")
@with_appcontext
def setup(no_demo: bool, bind: str) -> None:
    """Migrate the tables, load the demo catalogue into a new shop, and print a sign-in link for staff."""
    if bind and (problem := check_bind_address(bind)) is not None:
        raise click.ClickException(problem)
    set_up(no_demo=no_demo)
    if bind and sign_in_links.are_accepted():
        print_sign_in_link(bind)


def set_up(*, no_demo: bool = False) -> None:
    """Migrate the tables; load the demo into a new, empty shop, unless somebody has decided against it.

    Args:
        no_demo: decide against it.

    Raises:
        UnusableTablesError: the database has the tables of something else.
        SQLAlchemyError: the database does not answer.
    """
    before = schema.find_revision()
    if schema.is_later(before):
        click.echo(
            f"A later version made the tables (revision {before}). This version uses them as they are."
        )
    elif before != schema.newest_revision():
        schema.check_is_ours(before)
        click.echo("Migrating the database …")
        schema.migrate()
    schema.set_up_hook.fire()
    # An earlier version made an empty shop only if somebody wanted that.
    is_new = before is None or before >= demo.FIRST_REVISION
    if demo.is_wanted(decline=no_demo or not is_new):
        _load_demo()
    rebuild_search_index()


def _load_demo() -> None:
    click.echo("The shop is empty: loading the demo catalogue …")
    with (
        interruptible(lambda: "Nothing was loaded: start again, or add --no-demo for an empty shop."),
        progress_bar("Storing pictures") as progress,
    ):
        loaded = demo.load(current_app._get_current_object(), progress)  # type: ignore[attr-defined]
    click.echo(
        f"{loaded.products} products with {loaded.variants} variants are on the shelves. "
        "To take them away: flask demo remove"
    )


def rebuild_search_index() -> None:
    """Rebuild the search index if this version, or the shop's language, needs another one."""
    if not search_rebuild.is_needed():
        return
    click.echo("Building the search index; the old one answers meanwhile …")
    with (
        interruptible(lambda: "The old search index still answers. Run flask setup again to go on."),
        progress_bar("Products") as progress,
    ):
        search_rebuild.rebuild(progress)
    click.echo("The search index is up to date.")


def print_sign_in_link(bind: str) -> None:
    """Print a link that signs staff in; create an account for the owner if the shop has no staff."""
    user, is_new = sign_in_links.find_or_create_staff()
    if is_new:
        click.echo(f"The shop had no staff: {user.email} is staff now, without a password.")
    click.echo(sign_in_links.describe(user, bind))


def prepare_flask_command(app: Flask) -> None:
    """Set the shop up when `flask run` loads it in development, and print the link; check the tables for others.

    The reloader's child loads the shop again after each change of a file, and does nothing of this.

    Raises:
        UnusableAddressError: `flask run` cannot listen there.
        UnusableTablesError: `flask shell`, or `flask run` in production, has no usable tables.
    """
    context = click.get_current_context(silent=True)
    command = context.command if context else None
    if context is None or command not in (run_command, shell_command) or is_running_from_reloader():
        return
    with interruptible(), app.app_context():
        try:
            if command is run_command and app.config["ENV"] == "development":
                host, port = context.params["host"], context.params["port"]
                address = hosts.join_address(host, port)
                is_chosen = port and not host.startswith("unix://")  # port 0 is any free one
                if is_chosen and (problem := check_bind_address(address)) is not None:
                    raise UnusableAddressError(problem)
                set_up()
                print_sign_in_link(address)
            else:
                schema.check_tables((str(context.info_name),))
        finally:
            db.engine.dispose()


def check_before_serving(app: Flask) -> None:
    """Migrate the tables, before gunicorn starts workers in development; say what to type if the shop is empty.

    In production nobody migrates unasked: the log says what to type, and the shop answers 503 until that is done.
    Without a database the shop starts, too, and serves when the database is back.
    """
    with app.app_context():
        try:
            problem = schema.problem()
            if app.config["ENV"] == "production":
                if problem:
                    log.error(problem)
            elif problem != failures.AWAY:
                if problem:
                    schema.check_is_ours(schema.find_revision())
                    schema.migrate()
                if demo.is_empty(db.session()):
                    log.warning(schema.EMPTY)
        finally:
            db.session.remove()
            db.engine.dispose()  # workers must not inherit a connection


def check_bind_address(bind: str) -> str | None:
    """Return None if a server can listen at this HOST:PORT, else the reason and what to do."""
    host, port = hosts.split_address(bind)
    if not port.isdecimal() or not 0 < int(port) < 65536:
        return f"PORT={port} is not a valid port. Choose a number from 1 to 65535: make run PORT=8080"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            # gunicorn sets this too: a server that has just stopped does not block the port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except socket.gaierror:
        return f"HOST={host} is unknown. {_ONLY_HERE}"
    except PermissionError:
        return f"Port {port} needs root. Choose a port from 1024 on: make run PORT=8080, or flask run --port 8080"
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            return f"HOST={host} is no address of this machine. {_ONLY_HERE}"
        return (
            f"Cannot listen on {bind}: {error.strerror}. Stop that server or choose a port: make run PORT=8080, "
            "or flask run --port 8080"
        )
    return None
