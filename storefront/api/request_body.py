"""Request bodies: JSON of a declared type. Faults are reported with JSON pointers (RFC 6901).

The work is proportional to the body's length: objects, names and nesting are bounded, and the answer to a body with
very many faults names the first ones.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, TypeVar

import msgspec
from flask import request
from msgspec import inspect

from storefront.api.problems import MAX_FAULTS, ProblemError
from storefront.api.schemas import Fault

T = TypeVar("T", bound=msgspec.Struct)
MAX_DEPTH = 20
# Of one object. The largest object of the API has 11.
MAX_MEMBERS = 200
# Characters of a member's name. A fault's pointer repeats the names of all objects around it.
MAX_NAME = 255
_MAX_DETAIL = 500
# The names and numbers that lead to a value, innermost first: (step, the place around it). None: the whole body.
_Place = tuple[str | int, Any] | None
# Below it a float represents every whole number.
_MAX_EXACT = 2**53
_ERROR_PATH = re.compile(r"^(.*) - at `\$(.*)`$", re.S)
_PATH_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def read_body(shape: type[T]) -> T:
    """Return the current request's body as this type.

    Raises:
        ProblemError: 415 for another content type, 400 for invalid JSON, 422 for JSON that does not fit the type.
        BodyTooLargeError: the body is larger than allowed.
    """
    if request.mimetype != "application/json":
        raise ProblemError(
            415,
            "The body must be JSON, with `Content-Type: application/json`.",
            headers={"Accept": "application/json"},
        )
    value = _parse(request.get_data())
    found = _find_faults(value, inspect.type_info(shape), None)
    faults = [Fault(detail, _pointer(place)) for detail, place in islice(found, MAX_FAULTS)]
    if not faults:
        try:
            return msgspec.convert(value, shape)
        except msgspec.ValidationError as error:
            faults = [_parse_fault(str(error))]
    unlisted = sum(1 for _ in found)
    raise ProblemError(422, "The body does not fit this operation.", *faults, unlisted=unlisted)


def _parse(body: bytes) -> Any:
    try:
        # msgspec is strict about encodings; only json reports duplicate members.
        msgspec.json.decode(body)
        return json.loads(
            body, object_pairs_hook=_unique_members, parse_constant=_reject_constant, parse_float=_number
        )
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        raise ProblemError(400, f"The body cannot be read as JSON: {str(error)[:200]}.") from error
    except RecursionError as error:
        raise ProblemError(400, f"The body is nested deeper than {MAX_DEPTH} levels.") from error


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MAX_MEMBERS:
        raise ValueError(f"an object has {len(pairs):,} members; the most is {MAX_MEMBERS}")
    members: dict[str, Any] = {}
    for name, value in pairs:
        if len(name) > MAX_NAME:
            raise ValueError(f"the name {name[:50]!r}… has {len(name):,} characters; the most is {MAX_NAME}")
        if name in members:
            raise ValueError(f"the member {name[:50]!r} occurs twice in one object")
        members[name] = value
    return members


def _number(text: str) -> int | float:
    """Parse a number; 7.0 is an integer in JSON Schema (draft 2020-12, 4.2.3)."""
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < _MAX_EXACT else number


def _reject_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number in JSON")


def _find_faults(value: Any, kind: Any, place: _Place, depth: int = 0) -> Iterator[tuple[str, _Place]]:
    """Yield every unknown member, and every text that cannot be stored, as a sentence and its place."""
    if depth > MAX_DEPTH:
        raise ProblemError(400, f"The body is nested deeper than {MAX_DEPTH} levels.")
    if isinstance(kind, inspect.AnyType) and not isinstance(value, dict | list):
        return  # the member is ignored
    if isinstance(value, str) and _CONTROL.search(value):
        yield "This text contains control characters.", place
    elif isinstance(value, list):
        of = next((k.item_type for k in _kinds(kind) if isinstance(k, inspect.ListType)), inspect.AnyType())
        for number, item in enumerate(value):
            yield from _find_faults(item, of, (number, place), depth + 1)
    elif isinstance(value, dict):
        struct = next((k for k in _kinds(kind) if isinstance(k, inspect.StructType)), None)
        values = next(
            (k.value_type for k in _kinds(kind) if isinstance(k, inspect.DictType)), inspect.AnyType()
        )
        known = {field.encode_name: field.type for field in struct.fields} if struct else {}
        for name, item in value.items():
            if struct and name not in known:
                sentence = f"Unknown member {name[:50]!r}. The members are: {', '.join(known)}."
                yield sentence, (name, place)
            else:
                if _CONTROL.search(name) and not isinstance(kind, inspect.AnyType):
                    yield "This name contains control characters.", (name, place)
                yield from _find_faults(item, known.get(name, values), (name, place), depth + 1)


def _pointer(place: _Place) -> str:
    """Return the JSON pointer of a place: only faults that are reported need one."""
    steps = []
    while place is not None:
        step, place = place
        steps.append(f"/{str(step).replace('~', '~0').replace('/', '~1')}")
    return "".join(reversed(steps))


def _kinds(kind: Any) -> tuple[Any, ...]:
    return tuple(kind.types) if isinstance(kind, inspect.UnionType) else (kind,)


def _parse_fault(text: str) -> Fault:
    """Return msgspec's error message as a fault, with its path as a JSON pointer."""
    found = _ERROR_PATH.match(text)
    if found is None:
        return Fault(f"{text[:_MAX_DETAIL]}.", "")
    steps = (a or b for a, b in _PATH_STEP.findall(found[2]))
    return Fault(f"{found[1][:_MAX_DETAIL]}.", "".join(f"/{step}" for step in steps))
