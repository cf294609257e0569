"""A topic with a handler, and what the handler received."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from storefront import outbox


@pytest.fixture
def received(app: Flask) -> list[Any]:
    """All payloads that the handler of the topic "news" has received."""
    payloads: list[Any] = []
    outbox.subscribe(app, "news", payloads.extend)
    return payloads
