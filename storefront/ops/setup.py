"""`flask setup`: what `make run` does before it serves. Safe to repeat."""

from __future__ import annotations

import socket

import click
from flask import current_app
from flask.cli import with_appcontext

from storefront import demo
from storefront.extensions import db
from storefront.ops import schema


@click.command()
@click.option("--no-demo", is_flag=True, help="Do not load the demo catalogue.")
@click.option("--bind", metavar="HOST:PORT", default="", help="First check that a server can listen there.")
@with_appcontext
def setup(no_demo: bool, bind: str) -> None:
    """Migrate the tables and load the demo catalogue into an empty shop."""
    if bind and (problem := check_bind_address(bind)) is not None:
        raise click.ClickException(problem)
    if (problem := schema.problem()) is not None:
        if "does not answer" in problem:
            raise click.ClickException(problem)
        click.echo("Migrating the database …")
        schema.migrate()
    if not no_demo and demo.is_empty(db.session()):
        click.echo("The shop is empty: loading the demo catalogue …")
        try:
            loaded = demo.load(current_app._get_current_object())  # type: ignore[attr-defined]
        except KeyboardInterrupt:
            click.echo(
                "\nStopped. Nothing was loaded: start again, or add --no-demo for an empty shop.", err=True
            )
            raise SystemExit(130) from None
        click.echo(f"{loaded.products} products with {loaded.variants} variants are on the shelves.")


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
