"""Commands of `flask catalog` for change sets: `changes`, `show`, `apply`, `undo`, `discard`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from storefront import shop_settings
from storefront.actors import describe_actors
from storefront.change_sets import change_texts, runner, store
from storefront.change_sets.directions import Verb, WrongStatusError
from storefront.change_sets.field_texts import shorten
from storefront.change_sets.models import ChangeSet
from storefront.change_sets.results import LeftKind
from storefront.pauses import lower_priority
from storefront.terminal import Progress, errors_for_people, interruptible, progress_bar, show_time
from storefront.unicode_text import clean_line

PAGE = 50  # products
_NEXT_COMMANDS = {
    "planned": "apply it with: flask catalog apply",
    "applying": "go on with: flask catalog apply",
    "undoing": "go on with: flask catalog undo",
}
MAX_PROBLEMS = 20
_number = click.argument("number", type=click.IntRange(min=1))


def apply_with_progress(number: int, images: Path | None = None) -> int:
    """Apply a change set with a progress bar; print what was left, and return how many products that concerns.

    Ctrl-C ends the command with status 130 and says how to go on.
    """

    def run(progress: Progress) -> dict[str, int]:
        return runner.apply_change_set(number, _media_dir(), images=images, progress=progress)

    lower_priority()
    with errors_for_people():
        counts = _run(number, "apply", run)
    left = _print_left(number, "left")
    done = counts.get("applied", 0)
    click.echo(f"Applied change set {number}: {_count(done)}; undo it with: flask catalog undo {number}")
    return left


@click.group("changes", invoke_without_command=True)
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many; newest first."
)
@click.pass_context
@with_appcontext
def changes(context: click.Context, limit: int) -> None:
    """List change sets: what was planned, applied and undone, when and by whom."""
    if context.invoked_subcommand is not None:
        return
    found = store.list_change_sets(limit)
    names = _names(*found)
    if not found:
        click.echo("There are no change sets. Every import makes one: flask catalog import FILE")
    for change_set in found:
        click.echo(_headline(change_set, names))


@click.command("show")
@_number
@click.option(
    "--page", type=click.IntRange(min=1), default=1, show_default=True, help=f"{PAGE} products each."
)
@click.option("--all", "everything", is_flag=True, help="Show all products and all problems.")
@with_appcontext
def show(number: int, page: int, everything: bool) -> None:
    """Show what change set NUMBER changes, by product and field.

    Products with price jumps, removals and publications come first; their lines begin with "!".
    """
    with errors_for_people():
        change_set = store.get(number)
        click.echo(_headline(change_set, _names(change_set)))
        for line in change_texts.describe_summary(change_set.summary):
            click.echo(line)
        states = store.count_states(number)
    first = 0 if everything else (page - 1) * PAGE
    limit = None if everything else PAGE
    total, shown = sum(states.values()), 0
    if first and first >= total:
        raise click.ClickException(
            f"Change set {number} has no page {page}; the last one is {-(-total // PAGE)}."
        )
    for row in store.read_rows(number, offset=first, limit=limit):
        for line in change_texts.describe_row(row, shop_settings.current().currency):
            click.echo(line)
        shown += 1
    _print_problems(number, everything)
    if first + shown < total:
        rest = total - first - shown
        click.echo(f"{rest:,} more products: flask catalog show {number} --page {page + 1}, or --all")
    elif total < change_set.products:
        click.echo("Its changes were deleted, because it is old or was discarded.")


@click.command("apply")
@_number
@with_appcontext
def apply(number: int) -> None:
    """Apply change set NUMBER, or go on with it. The exit status is 1 if anything was left."""
    lower_priority()
    sys.exit(1 if apply_with_progress(number) else 0)


@click.command("undo")
@_number
@with_appcontext
def undo(number: int) -> None:
    """Undo change set NUMBER, or go on with that: put back what nobody has changed since.

    The exit status is 1 if anything was left; it is listed.
    """

    def run(progress: Progress) -> dict[str, int]:
        return runner.undo_change_set(number, _media_dir(), progress=progress)

    with errors_for_people():
        counts = _run(number, "undo", run)
    left = _print_left(number, "not_undone")
    undone, kept = counts.get("undone", 0), counts.get("left", 0)
    click.echo(f"Undid change set {number}: {_count(undone)} completely, {kept:,} not or only in part.")
    sys.exit(1 if left else 0)


@click.command("discard")
@_number
@with_appcontext
def discard(number: int) -> None:
    """Discard change set NUMBER, which was planned and not applied."""
    with errors_for_people():
        status = store.get(number).status
        if status not in ("planning", "planned", "discarded"):
            reason = f"Change set {number} was applied; undo it with: flask catalog undo {number}"
            raise WrongStatusError(reason)
        store.discard(number)
    click.echo(f"Change set {number} was discarded.")


changes.add_command(show)
COMMANDS: tuple[click.Command, ...] = (changes, show, apply, undo, discard)


def _run(number: int, verb: Verb, work: Callable[[Progress], dict[str, int]]) -> dict[str, int]:
    undo = f"flask catalog undo {number}"
    if verb == "apply":
        label, ways = "Applying", f"Go on with: flask catalog apply {number}. Or undo it with: {undo}"
    else:
        label, ways = "Undoing", f"Go on with: {undo}"
    with (
        interruptible(lambda: f"What was finished is in the shop. {ways}"),
        progress_bar(f"{label} change set {number}", store.get(number).products) as progress,
    ):
        return work(progress)


def _print_left(number: int, kind: LeftKind) -> int:
    """Print what was left of a change set; return how many products that concerns."""
    products = 0
    for row in store.read_rows(number, left=kind):
        products += 1
        for part in change_texts.left_parts(row, kind):
            click.echo(clean_line(f"left: {row.slug}: {part}"), err=True)
    return products


def _print_problems(number: int, everything: bool) -> None:
    found = store.problems(number, None if everything else MAX_PROBLEMS + 1)
    for problem in found if everything else found[:MAX_PROBLEMS]:
        where = f"line {problem.line}, {problem.column}: " if problem.line else ""
        click.echo(clean_line(f"{problem.kind}: {where}{problem.reason}"))
    if not everything and len(found) > MAX_PROBLEMS:
        click.echo(f"More problems: flask catalog show {number} --all")


def _names(*change_sets: ChangeSet) -> dict[str, str]:
    """Return the people in words who planned, applied and undid these change sets."""
    people = {text for one in change_sets for text in (one.created_by, one.applied_by, one.undone_by)}
    return describe_actors(people - {""})


def _headline(change_set: ChangeSet, names: dict[str, str]) -> str:
    parts = [f"planned {show_time(change_set.created_at)} by {names.get(change_set.created_by, '')}"]
    for verb, who, when in (
        ("applied", change_set.applied_by, change_set.applied_at),
        ("undone", change_set.undone_by, change_set.undone_at),
    ):
        if when is not None:
            parts.append(f"{verb} {show_time(when)} by {names.get(who, who)}")
    if following := _NEXT_COMMANDS.get(change_set.status):
        parts.append(f"{following} {change_set.id}")
    name = shorten(change_set.name)
    state = f"{change_set.status}, {_count(change_set.products)}"
    if change_set.status == "discarded" and not change_set.products:
        state = "changed nothing, or was stopped while it was planned"
    return f"{change_set.id}  {change_set.kind} {name}: {state}; {'; '.join(parts)}"


def _count(products: int) -> str:
    return f"{products:,} {'product' if products == 1 else 'products'}"


def _media_dir() -> Path:
    return Path(current_app.config["MEDIA_DIR"])
