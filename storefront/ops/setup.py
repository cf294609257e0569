"""`flask setup`: what `make run` does before it serves. Safe to repeat."""

from __future__ import annotations

import socket

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.serving import is_running_from_reloader

from storefront import demo
from storefront.accounts import sign_in_links
from storefront.extensions import db
from storefront.ops import schema
from storefront.terminal import interruptible


@click.command()
@click.option("--no-demo", is_flag=True, help="Do not load the demo catalogue.")
@click.option("--bind", metavar="HOST:PORT", default="", help="First check that a server can listen there.")
@with_appcontext
def setup(no_demo: bool, bind: str) -> None:
    """Migrate the tables, load the demo catalogue into an empty shop, and print a sign-in link for staff."""
    if bind and (problem := check_bind_address(bind)) is not None:
        raise click.ClickException(problem)
    if (problem := schema.problem()) is not None:
        if "does not answer" in problem:
            raise click.ClickException(problem)
        click.echo("Migrating the database …")
        schema.migrate()
    if not no_demo and demo.is_empty(db.session()):
        click.echo("The shop is empty: loading the demo catalogue …")
        with interruptible(lambda: "Nothing was loaded: start again, or add --no-demo for an empty shop."):
            loaded = demo.load(current_app._get_current_object())  # type: ignore[attr-defined]
        click.echo(f"{loaded.products} products with {loaded.variants} variants are on the shelves.")
    if bind and sign_in_links.are_accepted():
        print_sign_in_link(bind)


def print_sign_in_link(bind: str) -> None:
    """Print a link that signs staff in; create an account for the owner if the shop has no staff."""
    user, is_new = sign_in_links.find_or_create_staff()
    if is_new:
        click.echo(f"The shop had no staff: {user.email} is staff now, without a password.")
    click.echo(sign_in_links.describe(user, bind))


def print_link_for_flask_run(app: Flask) -> None:
    """In development, migrate the tables and print the link when `flask run` loads the shop.

    The reloader's child loads the shop again after each change of a file, and prints none.
    """
    command = click.get_current_context(silent=True)
    is_run = command is not None and command.info_name == "run" and "port" in command.params
    if command is None or not is_run or app.config["ENV"] != "development" or is_running_from_reloader():
        return
    with app.app_context():
        try:
            if schema.problem() is not None:
                schema.migrate()
            print_sign_in_link(f"{command.params['host']}:{command.params['port']}")
        except SQLAlchemyError as error:
            click.echo(f"No sign-in link: the database does not answer ({type(error).__name__}).", err=True)
        finally:
            db.engine.dispose()


def check_bind_address(bind: str) -> str | None:
    """Return None if a server can listen at this HOST:PORT, else the reason and what to do."""
    host, _, port = bind.rpartition(":")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        return f"PORT={port} is not a valid port. Choose a number from 1 to 65535: make run PORT=8080"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), int(port), type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # gunicorn sets this too: a server that has just stopped does not block the port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except socket.gaierror:
        return f"HOST={host} is unknown. Without HOST the shop is served on 127.0.0.1, for this machine only."
    except PermissionError:
        return f"Port {port} needs root. Choose a port from 1024 on: make run PORT=8080"
    except OSError as error:
        return f"Cannot listen on {bind}: {error.strerror}. Stop that server or choose a port: make run PORT=8080"
    return None
