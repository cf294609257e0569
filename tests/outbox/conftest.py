"""A topic, and what was told of it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from storefront import outbox


@pytest.fixture
def told(app: Flask) -> list[Any]:
    """Everything that the handler of the topic "news" was handed."""
    everything: list[Any] = []
    outbox.handler(app, "news", everything.extend)
    return everything
