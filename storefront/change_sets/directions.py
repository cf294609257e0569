"""The two directions in which a change set is gone through, and the statuses in which that is possible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from storefront.change_sets.models import ChangeSet, RowState
from storefront.errors import StorefrontError

Verb = Literal["apply", "undo"]


class WrongStatusError(StorefrontError):
    """A change set cannot be applied or undone in its present status; the text says why."""

    status = 409


@dataclass(frozen=True, slots=True)
class Direction:
    """How one verb goes through the rows.

    Attributes:
        allowed: statuses in which it may begin or go on.
        running: the status meanwhile.
        done: the status at the end.
        prefix: of the columns that name who did it and when.
        state: of the rows that it takes.
    """

    allowed: frozenset[str]
    running: str
    done: str
    prefix: str
    state: RowState


DIRECTIONS: dict[Verb, Direction] = {
    "apply": Direction(frozenset({"planned", "applying"}), "applying", "applied", "applied", "pending"),
    "undo": Direction(
        frozenset({"applying", "applied", "undoing"}), "undoing", "undone", "undone", "applied"
    ),
}


def why_refused(change_set: ChangeSet, verb: Verb) -> str:
    """Return why a change set cannot be applied or undone, and what can be done instead."""
    number = change_set.id
    again = "import the file again" if change_set.kind == "import" else "make the same change again"
    match change_set.status, verb:
        case "planning", _:
            return f"Change set {number} was not planned to the end. To change the products, {again}."
        case "discarded", _:
            return f"Change set {number} was discarded. To change the products, {again}."
        case "applied", "apply":
            return f"Change set {number} is applied already; undo it with: flask catalog undo {number}"
        case "undoing", "apply":
            return f"Change set {number} is being undone; go on with: flask catalog undo {number}"
        case "undone", "undo":
            return f"Change set {number} is undone already."
        case "undone", _:
            return f"Change set {number} was undone. To change the products, {again}."
        case _:
            return f"Change set {number} was not applied; apply it with: flask catalog apply {number}"
