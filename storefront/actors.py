"""The actor: who makes the present change. Rooms ask `current_actor` where they write a row, and store its text.

The actor is known without being passed on. In a request it is the caller whom the rooms above recognise (`identify`):
an account or an API token. A command is run by a login name of the machine; a periodic task acts for the system.
`acting_as` names another actor for a part of the work, such as an import.
"""

from __future__ import annotations

import getpass
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol, TypeVar, get_args

import click
from flask import Flask, current_app, has_request_context
from sqlalchemy import String, event
from sqlalchemy.orm import Mapped, mapped_column, object_session

from storefront.app_state import AppState
from storefront.i18n import gettext as _


class _HasActor(Protocol):
    @property
    def actor(self) -> str: ...


ActedRow = TypeVar("ActedRow", bound=_HasActor)
ActorKind = Literal["staff", "customer", "token", "command", "import", "provider", "system"]
# Returns the actor of the current request, or None if it does not recognise the caller. It must not wait.
Identifier = Callable[[], "Actor | None"]
# Returns names for ids of one kind of actor, as staff read them; ids that no longer exist may be missing.
NameReader = Callable[[Collection[str]], Mapping[str, str]]

MAX_LENGTH = 255  # of the stored text
_KINDS = frozenset(get_args(ActorKind))


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a change.

    Attributes:
        kind: what sort of actor it is.
        id: of a staff member's or customer's account, of a token, the login name that runs a command, the code of a
            payment provider, the name of a periodic task; of an import, the actor that started it. A guest and an
            unknown member of the staff have no id.
    """

    kind: ActorKind
    id: str = ""

    def __str__(self) -> str:
        """Return the text that rows store, such as "staff:12"."""
        return f"{self.kind}:{self.id}"[:MAX_LENGTH] if self.id else self.kind


GUEST = Actor("customer")
SYSTEM = Actor("system")


@dataclass(slots=True)
class _Registry:
    identifiers: list[Identifier] = field(default_factory=list)
    name_readers: dict[str, NameReader] = field(default_factory=dict)


_registry = AppState[_Registry]("actors")
_acting: ContextVar[Actor | None] = ContextVar("storefront.actor", default=None)


def init_app(app: Flask) -> None:
    """Prepare the registry in which rooms say whom they recognise."""
    _registry.set(app, _Registry())


def register_identifier(app: Flask, identify: Identifier) -> None:
    """Register a function that recognises the caller of a request; the last registered is asked first."""
    _registry.get(app).identifiers.insert(0, identify)


def register_names(app: Flask, kind: ActorKind, read_names: NameReader) -> None:
    """Register the function that reads the names of one kind of actor."""
    _registry.get(app).name_readers[kind] = read_names


def current_actor() -> Actor:
    """Return who makes the present change."""
    if (acting := _acting.get()) is not None:
        return acting
    if has_request_context():
        identified = (identify() for identify in _registry.get(current_app).identifiers)
        return next((actor for actor in identified if actor is not None), GUEST)
    if click.get_current_context(silent=True) is not None:
        return Actor("command", login_name())
    return SYSTEM


def actor_text() -> str:
    """Return the text of the current actor; the default value of columns that name the actor of a row."""
    return str(current_actor())


class ChangedBy:
    """Mixin of tables whose rows name the actor who added or last changed them.

    Bulk updates do not set it: those of the list index, for example, only follow the change of another row.
    `storefront/deletions.py` records who deleted a row.

    Attributes:
        history_fields: the columns of which `storefront/history/` records old and new values; nothing personal, and
            no secret.
    """

    history_fields: ClassVar[tuple[str, ...]] = ()

    changed_by: Mapped[str] = mapped_column(String(MAX_LENGTH), default=actor_text, server_default="")

    @property
    def deletion_name(self) -> str:
        """What the record of its deletion calls the row: nothing personal, and no secret."""
        return ""

    @property
    def history_title(self) -> str:
        """What people call the row, for the history of rows that are gone; empty if its name is all they know."""
        return ""


@event.listens_for(ChangedBy, "before_update", propagate=True)
def _set_changed_by(_mapper: object, _connection: object, row: ChangedBy) -> None:
    session = object_session(row)
    if session is not None and session.is_modified(row, include_collections=False):
        row.changed_by = actor_text()


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """Make this the current actor within the block."""
    token = _acting.set(actor)
    try:
        yield
    finally:
        _acting.reset(token)


def keeping_actor() -> AbstractContextManager[None]:
    """Keep the current actor within the block: the work there may end the session that knows the account."""
    return acting_as(current_actor())


def importing() -> AbstractContextManager[None]:
    """Make an import the current actor within the block, started by the actor so far."""
    return acting_as(Actor("import", actor_text()))


def login_name() -> str:
    """Return the login name of this process's user; "unknown" if the machine has no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user often has a number only
        return "unknown"


def parse_actor(text: str) -> Actor | None:
    """Return the actor of a stored text; None if it was written before actors had kinds."""
    kind, _colon, ident = text.partition(":")
    return Actor(kind, ident) if kind in _KINDS else None  # type: ignore[arg-type]  # checked by the look-up


def describe_actors(
    texts: Collection[str], known: Mapping[str, Mapping[str, str]] | None = None
) -> dict[str, str]:
    """Return stored texts of actors in words, for pages that staff read; one query for each kind of actor.

    Args:
        texts: as rows store them.
        known: names by kind and id that the caller has read; these kinds are not queried.
    """
    found = {text: _started_by(actor) for text in texts if (actor := parse_actor(text)) is not None}
    ids: dict[str, set[str]] = {}
    for actor in found.values():
        ids.setdefault(actor.kind, set()).add(actor.id)
    readers = _registry.get(current_app).name_readers
    names = dict(known or {})
    for kind, wanted in ids.items():
        if kind in readers and kind not in names:
            names[kind] = readers[kind](wanted - {""})
    return {text: _describe(text, found, names) for text in texts}


def with_actor_names(rows: Sequence[ActedRow]) -> list[tuple[ActedRow, str]]:
    """Return rows with an actor, such as versions, each with the name of who made it."""
    names = describe_actors({row.actor for row in rows})
    return [(row, names[row.actor]) for row in rows]


def ids_of(texts: Collection[str], kind: ActorKind) -> set[str]:
    """Return the ids of the actors of one kind whose names the words for these texts contain."""
    found = (_started_by(actor) for text in texts if (actor := parse_actor(text)) is not None)
    return {actor.id for actor in found if actor.kind == kind and actor.id}


def describe_actor(text: str) -> str:
    """Return one stored text of an actor in words."""
    return describe_actors([text])[text]


def _started_by(actor: Actor) -> Actor:
    """Return the actor whose name the words contain: of an import, the one that started it."""
    return (parse_actor(actor.id) or actor) if actor.kind == "import" else actor


def _describe(text: str, found: Mapping[str, Actor], names: Mapping[str, Mapping[str, str]]) -> str:
    actor = found.get(text)
    if actor is None:
        return text
    words = _words(actor, names.get(actor.kind, {}).get(actor.id, ""))
    return _("import, started by %(actor)s", actor=words) if text.startswith("import:") else words


def _words(actor: Actor, name: str) -> str:
    match actor.kind:
        case "staff":
            return name or (
                _("a former member of staff (account %(id)s)", id=actor.id)
                if actor.id
                else _("a member of staff, name not recorded")
            )
        case "customer":
            return name or (
                _("a former customer (account %(id)s)", id=actor.id) if actor.id else _("a visitor")
            )
        case "token":
            return _("token %(name)s", name=name or actor.id)
        case "command":
            return _("command line, %(name)s", name=actor.id)
        case "provider":
            return actor.id.capitalize()
        case "import":
            return _("an import")
        case "system":
            return _("the shop (%(task)s)", task=actor.id) if actor.id else _("the shop")
