"""The cost of what strangers and files send grows no faster than its size: each door is given n and 4n of something.

Work is counted in steps (`tests/work.py`), never in seconds. 4 times the input may cost 5 times the steps; a door
that refuses its input above a bound costs fewer.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from flask import Flask

from storefront.api import request_body
from storefront.api.problems import MAX_FAULTS, ProblemError
from storefront.api.schemas import ProductPut
from tests.work import count_steps, growth

Door = Callable[[int], object]
MOST = 5.0


def read_body(app: Flask, body: bytes) -> ProblemError | None:
    """Read a request's body as the API does; return the problem that it answers with."""
    with app.test_request_context(method="PUT", data=body, content_type="application/json"):
        try:
            request_body.read_body(ProductPut)
        except ProblemError as problem:
            return problem
    return None


# Bodies of JSON that are hard to check, made for n.
BODIES: dict[str, Callable[[int], bytes]] = {
    "different names": lambda n: json.dumps({f"m{i}": 0 for i in range(n)}).encode(),
    "the last name twice": lambda n: (
        json.dumps({f"m{i}": 0 for i in range(n)}).encode()[:-1] + b',"m%d":0}' % (n - 1)
    ),
    "the first name again and again": lambda n: b'{"a":0' + b',"a":0' * n + b"}",
    "objects with unknown names": lambda n: b'{"variants": [' + b",".join([b'{"a":1}'] * n) + b"]}",
    "control characters": lambda n: b'{"tags": [' + b",".join([b'"\\u0001"'] * n) + b"]}",
    "a long name around many values": lambda n: (
        b'{"images": [{"' + b"n" * n + b'": [' + b",".join([b"[1]"] * n) + b"]}]}"
    ),
    "numbers": lambda n: b'{"images": [' + b",".join([b"1e308", b"9" * 20] * n) + b"]}",
    "nesting": lambda n: b'{"images": ' + b"[" * n + b"]" * n + b"}",
}


@pytest.mark.any_database
@pytest.mark.parametrize("make", BODIES.values(), ids=BODIES)
def test_checking_a_body_is_linear(app: Flask, make: Callable[[int], bytes]) -> None:
    assert growth(lambda n: read_body(app, make(n)), 1000) <= MOST
    assert read_body(app, make(4000)) is not None


@pytest.mark.any_database
def test_at_most_fifty_faults_are_listed(app: Flask) -> None:
    problem = read_body(app, BODIES["objects with unknown names"](180))
    assert problem is not None
    assert (problem.status, len(problem.faults)) == (422, MAX_FAULTS)
    assert "The first 50 faults are listed; there are 130 more." in str(problem)
    assert problem.faults[-1].pointer == "/variants/49/a"
    few = read_body(app, BODIES["objects with unknown names"](3))
    assert few is not None
    assert (len(few.faults), "more" in str(few)) == (3, False)


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (BODIES["different names"](201), "an object has 201 members; the most is 200"),
        (BODIES["a long name around many values"](256), "has 256 characters; the most is 255"),
        (BODIES["nesting"](21), "nested deeper than 20 levels"),
    ],
)
def test_members_names_and_nesting_are_bounded(app: Flask, body: bytes, reason: str) -> None:
    problem = read_body(app, body)
    assert problem is not None
    assert problem.status == 400
    assert reason in str(problem)


def test_steps_reveal_quadratic_work() -> None:
    """The measure itself: what is linear grows fourfold, what is quadratic sixteenfold, in Python and in C."""

    def in_c(n: int) -> int:
        names = [str(i) for i in range(n)]
        return sum(names.count(name) for name in names)

    def in_python(n: int) -> list[int]:
        found: list[int] = []
        for a in range(n):
            for b in range(n):
                found.append(a * b)  # a step each
        return found

    def linear(n: int) -> str:
        return "".join(str(i).strip() for i in range(n))

    assert growth(in_c, 200) > 12
    assert growth(in_python, 50) > 12
    assert 3 < growth(linear, 200) <= MOST
    assert count_steps(lambda: linear(10)) < count_steps(lambda: linear(100))
