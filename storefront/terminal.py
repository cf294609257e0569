"""What long commands show on the terminal: a progress bar, and how to go on after Ctrl-C."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import click

Progress = Callable[[int, int], None]
"""Takes how many things are done so far, and how many there are."""
INTERRUPTED = 130  # the exit status of a command that Ctrl-C ends, as shells have it


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

    Ctrl-C raises KeyboardInterrupt between any two instructions, also within a commit, and the libraries that it
    breaks then raise errors of their own. So each error that follows Ctrl-C counts as the stop, not as a failure.
    """
    is_pressed = False

    def press(number: int, frame: FrameType | None) -> None:
        nonlocal is_pressed
        is_pressed = True
        signal.default_int_handler(number, frame)

    is_main = threading.current_thread() is threading.main_thread()  # no other thread gets signals
    before = signal.signal(signal.SIGINT, press) if is_main else None
    try:
        yield
    except (KeyboardInterrupt, Exception) as error:
        if not is_pressed and not isinstance(error, KeyboardInterrupt):
            raise
        click.echo(f"\nStopped. {advice()}", err=True)
        raise SystemExit(INTERRUPTED) from None
    finally:
        if is_main:
            signal.signal(signal.SIGINT, before)


def show_count(text: str) -> None:
    """Write a count over the line of the last one, on the standard error."""
    click.echo(f"\r{text}", nl=False, err=True)
