"""What commands show on the terminal: errors of the shop, a progress bar, and how to go on after Ctrl-C."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from storefront.errors import StorefrontError

Progress = Callable[[int, int], None]
"""Takes how many things are done so far, and how many there are."""
INTERRUPTED = 130  # the exit status of a command that Ctrl-C ends, as shells have it


@contextmanager
def errors_for_people() -> Iterator[None]:
    """End the command with the sentence of a StorefrontError, instead of a traceback."""
    try:
        yield
    except StorefrontError as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def progress_bar(label: str, total: int = 1) -> Iterator[Progress]:
    """Show a progress bar on the standard error; yield the function that moves it."""
    with click.progressbar(length=max(1, total), label=label, file=sys.stderr) as bar:

        def move(done: int, length: int) -> None:
            bar.length = length
            bar.update(done - bar.pos)

        yield move


def clear_progress() -> None:
    """Clear the line of a terminal that shows a progress bar, so that a text can take it; the bar follows below."""
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)


@contextmanager
def interruptible(advice: Callable[[], str]) -> Iterator[None]:
    """End the command with status 130 at Ctrl-C, and say what was done and how to go on.

    Ctrl-C may come within a commit, and the library that it breaks then raises an error of its own. So an error
    that follows KeyboardInterrupt is the stop, too.
    """
    try:
        yield
    except (KeyboardInterrupt, Exception) as error:
        if not _follows_ctrl_c(error):
            raise
        click.echo(f"\nStopped. {advice()}", err=True)
        raise SystemExit(INTERRUPTED) from None


def _follows_ctrl_c(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def show_count(text: str) -> None:
    """Write a count over the line of the last one, on the standard error."""
    click.echo(f"\r{text}", nl=False, err=True)
