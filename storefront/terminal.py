"""What commands show on the terminal: failures as one sentence, a progress bar, and how to go on after Ctrl-C."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import click
from flask.cli import with_appcontext

from storefront import failures
from storefront.unicode_text import is_whole

Progress = Callable[[int, int], None]
"""Takes how many things are done so far, and how many there are."""
Prepare = Callable[[tuple[str, ...]], None]
"""Takes the words of a command, such as ("cache", "stats")."""
INTERRUPTED = 130  # the exit status of a command that Ctrl-C ends, as shells have it
_GUARDED = "_storefront_guarded"  # attribute of a command's function
_UNKNOWN = "What was complete is kept; repeat the command to go on."


@contextmanager
def errors_for_people() -> Iterator[None]:
    """End the command with a sentence instead of a traceback, unless an error is a fault of the code."""
    try:
        yield
    except BrokenPipeError:
        raise  # click ends the command quietly: the reader of a pipe has seen enough
    except Exception as error:
        if (sentence := failures.describe(error)) is None:
            raise
        raise click.ClickException(sentence) from error


@contextmanager
def errors_end_process() -> Iterator[None]:
    """End a process that cannot start with a sentence instead of a traceback."""
    try:
        yield
    except Exception as error:
        if (sentence := failures.describe(error)) is None:
            raise
        print(f"Error: {sentence}", file=sys.stderr, flush=True)
        # gunicorn stops, instead of starting other workers, if a worker ends with this status.
        arbiter = sys.modules.get("gunicorn.arbiter")
        raise SystemExit(arbiter.Arbiter.WORKER_BOOT_ERROR if arbiter else 1) from None


def guard(command: click.Command, prepare: Prepare | None = None) -> None:
    """Let a command, and all commands below it, end with one sentence at a failure and at Ctrl-C.

    Commands belong to the process, not to one application: each is guarded once.

    Args:
        command: the command or group.
        prepare: called before each command, in the context of its application; may raise an exception.
    """
    if isinstance(command, click.Group):
        for child in command.commands.values():
            guard(child, prepare)
    if command.callback is not None and not hasattr(command.callback, _GUARDED):
        command.callback = _guarded(command.callback, prepare)


def _guarded(run: Callable[..., Any], prepare: Prepare | None) -> Callable[..., Any]:
    @functools.wraps(run)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        context = click.get_current_context()
        with errors_for_people(), interruptible():
            _check_texts(context)
            if prepare is not None and context.invoked_subcommand is None:
                with_appcontext(prepare)(_names_of(context))
            try:
                return run(*args, **kwargs)
            finally:
                _flush()

    setattr(guarded, _GUARDED, True)
    return guarded


def _check_texts(context: click.Context) -> None:
    """Refuse arguments with bytes that are not UTF-8: no text of the shop can hold them, only names of files can."""
    for parameter in context.command.params:
        value = context.params.get(parameter.name or "")
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str) and not is_whole(text):
                raise click.BadParameter("it holds bytes that are not UTF-8.", ctx=context, param=parameter)


def _names_of(context: click.Context) -> tuple[str, ...]:
    """Return the words of a command without the program's name, such as ("cache", "stats")."""
    names: list[str] = []
    while context.parent is not None:
        names.insert(0, context.info_name or "")
        context = context.parent
    return tuple(names)


def _flush() -> None:
    """Write the buffered output while its failure can still be reported."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError:
        # Else Python tries again when it ends, and reports that in its own way.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


@contextmanager
def progress_bar(label: str, total: int = 1) -> Iterator[Progress]:
    """Show a progress bar on the standard error; yield the function that moves it."""
    with click.progressbar(length=max(1, total), label=label, file=sys.stderr) as bar:

        def move(done: int, length: int) -> None:
            bar.length = length
            bar.update(done - bar.pos)

        yield move


def show_time(moment: datetime) -> str:
    """Return a time as commands print it: to the minute, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def clear_progress() -> None:
    """Clear the line of a terminal that shows a progress bar, so that a text can take it; the bar follows below."""
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)


@contextmanager
def interruptible(advice: Callable[[], str] = lambda: _UNKNOWN) -> Iterator[None]:
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
