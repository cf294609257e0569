"""`flask doctor`: checks the configuration and every service, and says how to fix what is wrong.

The command prints a table for people, or JSON for programs.
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator

import click
from flask.cli import with_appcontext

from storefront.app_state import Hook
from storefront.ops.doctor import (
    configuration,
    database,
    edge_purges,
    host,
    launch_steps,
    proxies,
    redis_servers,
    staff,
)
from storefront.ops.doctor.finding import Finding, Level, wrong

__all__ = ["Finding", "Level", "command", "examine"]

more_checks = Hook[[], Iterable[Finding]]("doctor.more_checks")
"""Fires for each `flask doctor`: checks of rooms above this one, such as the plugins."""

_COLOURS = {Level.OK: "green", Level.WARN: "yellow", Level.WRONG: "red"}
_CHECKS: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
    ("configuration", configuration.check),
    ("host", host.check),
    ("database", database.check),
    ("redis", redis_servers.check),
    ("edge", edge_purges.check),
    ("staff", staff.check),
    ("steps", launch_steps.check),
    ("more", lambda: (one for found in more_checks.fire() for one in found)),
)


def examine(url: str | None) -> list[Finding]:
    """Return the findings in the order of the checks. It never raises.

    Args:
        url: the shop's public URL, to check proxies and workers by a request; None skips these checks.
    """
    checks = [*_CHECKS, *([("front", lambda: proxies.check(url))] if url else [])]
    return [finding for about, check in checks for finding in _run(about, check)]


def _run(about: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from check()
    except Exception as error:  # noqa: BLE001  # one check that fails must not hide the others
        yield wrong(about, f"The check failed: {type(error).__name__}: {error}")


@click.command("doctor")
@click.option(
    "--url", help="The shop's public URL, through all proxies. Default: the first of TRUSTED_HOSTS."
)
@click.option("--no-front", is_flag=True, help="Do not check proxies and workers by a request.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def command(url: str | None, no_front: bool, as_json: bool) -> None:
    """Check the configuration and every service; say how to fix what is wrong.

    The exit status is 1 if anything is wrong, and 0 if there are only warnings or none.
    """
    found = examine(None if no_front else url or proxies.default_url())
    worst = max((finding.level for finding in found), key=list(Level).index)
    if as_json:
        click.echo(json.dumps({"worst": worst, "findings": [f.to_dict() for f in found]}, indent=2))
    else:
        _print(found)
    sys.exit(worst == Level.WRONG)


def _print(found: list[Finding]) -> None:
    wide = max(len(finding.about) for finding in found)
    indent = " " * (wide + 9)
    for finding in found:
        level = click.style(f"{finding.level:<5}", fg=_COLOURS[finding.level])
        lines = textwrap.wrap(finding.sentence, 100, break_long_words=False, break_on_hyphens=False)
        click.echo(f"{finding.about:<{wide}}  {level}  " + f"\n{indent}".join(lines))
    number = {level: sum(f.level == level for f in found) for level in Level}
    click.echo(f"\n{number[Level.WRONG]} wrong, {number[Level.WARN]} could be better, {number[Level.OK]} ok.")
