"""The embedded Redis: one server per instance directory, shared by all processes that need it."""

from storefront.redis_roles.embedded.paths import EmbeddedServerError, ServerPaths
from storefront.redis_roles.embedded.server import acquire_server, answers_ping, find_program, paths_for

__all__ = [
    "EmbeddedServerError",
    "ServerPaths",
    "acquire_server",
    "answers_ping",
    "find_program",
    "paths_for",
]
