"""The examples of docs/use-in-your-app.md run as they stand, in a process without the rooms of the shop."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from storefront.redis_roles import embedded
from tests.docs.test_independent_rooms import FORBIDDEN
from tests.processes import ROOT

pytestmark = pytest.mark.any_database

DOCUMENT = (ROOT / "docs" / "use-in-your-app.md").read_text()
EXAMPLES = dict(re.findall(r"^## ([^\n]+)\n(?:(?!^## ).)*?```python\n(.*?)```", DOCUMENT, re.M | re.S))
LONGEST = 25  # lines

# Run before an example: the rooms of the shop cannot be imported. A busy machine may answer later than a page waits.
WITHOUT_THE_SHOP = f"""
import sys
for room in {sorted(FORBIDDEN)}:
    sys.modules["storefront." + room] = None
from storefront.redis_roles import clients
clients.TIMEOUT = 10.0
"""
# Run after it: what a visitor of the app sees.
VISITS = {
    "Cache": """
client = app.test_client()
seen = [client.get("/").text]
again = client.get("/").headers["Cache-Status"]
assert "hit" in again, again
client.post("/Hello")
seen.append(client.get("/").text)
assert seen == ["", "Hello"], seen
""",
    "Rate limits": """
client = app.test_client()
answers = [client.get("/") for _ in range(3)]
assert [answer.status_code for answer in answers] == [200, 200, 429]
assert int(answers[-1].headers["Retry-After"]) > 0
""",
    "Sessions": """
client = app.test_client()
assert client.post("/one").json == ["one"]
first = client.get_cookie(next(iter(client._cookies.values())).key).value
assert client.post("/two").json == ["one", "two"]
assert first != next(iter(client._cookies.values())).value
""",
    "Live stream": """
frames = app.test_client().get("/scores/7", buffered=False).iter_encoded()
said = next(frames)
assert b'{"topic":7,"version":1,"goals":0}' in said, said
while b'"live":true' not in said:
    said = next(frames)
with app.app_context():
    message = msgspec.json.encode(Score(7, 2, 1))
    redis_roles.call(redis_roles.Role.LIVE, lambda redis: redis.publish("scores", message), write=True)
while b'"goals":1' not in next(frames):
    pass
""",
}


def test_each_room_has_an_example_of_at_most_25_lines() -> None:
    assert EXAMPLES.keys() == VISITS.keys()
    assert max(len(code.splitlines()) for code in EXAMPLES.values()) <= LONGEST


@pytest.mark.parametrize("heading", VISITS)
def test_the_example_works_without_the_shop(heading: str, tmp_path: Path) -> None:
    file = tmp_path / "example.py"
    file.write_text(WITHOUT_THE_SHOP + EXAMPLES[heading] + VISITS[heading])
    given = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "SECRET_KEY": "k" * 40,
        "STOREFRONT_LIMITS": "on",
        "STOREFRONT_LIMIT_TRANSLATE": "2/minute",  # the document says that a setting changes the rate
        "STOREFRONT_ENV": "testing",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'app.sqlite'}",
        "REDIS_URL": embedded.acquire_server(tmp_path),
    }
    ran = subprocess.run(
        [sys.executable, str(file)],
        cwd=tmp_path,
        env=given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
