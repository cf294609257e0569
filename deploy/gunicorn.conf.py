"""How gunicorn serves the shop: gevent workers, the C parser, the time-outs of docs/operations.md."""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()  # before anything of ours is imported: the master loads the shop to start its Redis

import os  # noqa: E402
import signal  # noqa: E402
from typing import Any  # noqa: E402

from storefront import redis_roles  # noqa: E402
from storefront.app import create_app  # noqa: E402

worker_class = "gevent"
worker_connections = 2000
timeout = 15
graceful_timeout = 10
keepalive = 5
http_parser = "auto"
control_socket_disable = True
limit_request_line = 8190
limit_request_fields = 60
limit_request_field_size = 16384
max_requests = 100_000
max_requests_jitter = 20_000
accesslog = None


def post_worker_init(_worker: object) -> None:
    """Let the master alone answer Ctrl-C: a terminal sends it to the workers too, which then die in the middle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def worker_exit(_server: object, worker: Any) -> None:
    """Tell open streams to come back, each at another moment, before their sockets close."""
    if (app := getattr(worker, "wsgi", None)) is not None:
        app.extensions["stock_hub"].close()


def on_starting(server: Any) -> None:
    """Start the embedded Redis, if one is needed, with the master: it then runs exactly as long as the shop."""
    os.environ.setdefault("STOREFRONT_WORKERS", str(server.cfg.workers))
    redis_roles.ensure(create_app())
