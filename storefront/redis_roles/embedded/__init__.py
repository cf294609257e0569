"""The embedded Redis: one server per instance directory, shared by all processes that need it."""

from storefront.redis_roles.embedded.paths import EmbeddedServerError, Place
from storefront.redis_roles.embedded.server import answers, join, place, program

__all__ = ["EmbeddedServerError", "Place", "answers", "join", "place", "program"]
