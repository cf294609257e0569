"""The command line of the shop: `python -m storefront`, the same commands as `flask`, and `--version`."""

from __future__ import annotations

import click
from flask.cli import FlaskGroup

from storefront import __version__
from storefront.app import create_app
from storefront.terminal import errors_end_process

main = FlaskGroup(name="storefront", create_app=errors_end_process()(create_app), add_version_option=False)
click.version_option(__version__, prog_name="storefront", message="%(prog)s %(version)s")(main)

if __name__ == "__main__":
    main(prog_name="storefront")
