"""How gunicorn serves the shop: gevent workers, the C parser, time-outs that suit deploy/nginx."""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()  # before any import of the shop: the master loads the shop to start its Redis

import gc  # noqa: E402

gc.disable()  # what the imports make stays: looking through it for garbage would take a part of the start

import importlib  # noqa: E402
import os  # noqa: E402
import shutil  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402

# Ctrl-C during the start: gunicorn installs its own handler later.
signal.signal(signal.SIGINT, lambda *_: sys.exit(130))

from storefront.config import instance_directory  # noqa: E402
from storefront.terminal import errors_end_process  # noqa: E402

if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    # The directory in which all workers count for /metrics; prometheus-client reads the variable at its import. A
    # start deletes the counts of an earlier run. A reload of this file finds the variable set and keeps the counts.
    with errors_end_process():
        _counts = instance_directory(os.environ, Path(__file__).parent.parent / "instance") / "metrics"
        shutil.rmtree(_counts, ignore_errors=True)
        _counts.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_counts)

from prometheus_client import multiprocess  # noqa: E402

from storefront import live, periodic, platform_features, redis_roles  # noqa: E402
from storefront.app import create_app  # noqa: E402
from storefront.ops import setup  # noqa: E402

# What the shop imports in functions, so that commands start quickly. Workers inherit it: no request waits for it. In
# a shop that uses Stripe or tracing, `create_app` imports their libraries.
for _name in (
    "PIL.Image",
    "PIL.ImageOps",
    "alembic.migration",
    "alembic.script",
    "cryptography.fernet",
    "cryptography.hazmat.primitives.kdf.hkdf",
    "flask_migrate",
    "pyotp",
    "segno",
    "webauthn",
):
    importlib.import_module(_name)
gc.freeze()  # in the master, so that workers share the memory of these objects (docs.python.org/3/library/gc.html)
gc.enable()

if "WEB_CONCURRENCY" not in os.environ:  # gunicorn reads it; --workers overrides both
    # One for each core: a worker serves other greenlets while one waits.
    workers = max(2, platform_features.count_processors())
worker_class = "storefront.edge.worker.Worker"  # gevent's worker, which also answers cached pages at once
worker_connections = 2000  # simultaneous requests; open streams do not count
worker_tmp_dir = platform_features.memory_folder()  # a busy disk must not look like a hung worker
timeout = 15
graceful_timeout = 10  # for pages; streams come back within five seconds
keepalive = 5  # nginx closes after 4
http_parser = "auto"
control_socket_disable = True
forwarder_headers = ""  # no header sets SCRIPT_NAME or PATH_INFO: STOREFRONT_PREFIX names the shop's path
limit_request_line = 8190
limit_request_fields = 60
limit_request_field_size = 16384
max_requests = 1_000_000  # against slow leaks of libraries; each renewal ends streams and empties L1
max_requests_jitter = 250_000  # so that workers do not renew together
accesslog = None


def post_worker_init(worker: Any) -> None:
    """Start the periodic tasks, install the signal handlers, and keep garbage collection short."""
    periodic.start_tasks(worker.wsgi)  # at once, so that mail and webhooks do not wait for a first request
    # Only the master reacts to Ctrl-C. A terminal also sends it to the workers, which would stop during a request.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stop: Any = signal.getsignal(signal.SIGTERM)

    def leave(number: int, frame: object) -> None:
        # Close open streams at once: gunicorn first waits for requests.
        gevent.spawn(live.close_streams, worker.wsgi)
        stop(number, frame)

    signal.signal(signal.SIGTERM, leave)
    # Objects that exist now stay. The collector would scan them again and again, and each scan is a pause.
    gc.collect()
    gc.freeze()


def worker_exit(_server: object, worker: Any) -> None:
    """Close open streams so that browsers come back: after `max_requests` a worker ends without a signal."""
    if (app := getattr(worker, "wsgi", None)) is not None:
        live.close_streams(app)


def child_exit(_server: object, worker: Any) -> None:
    """Remove a dead worker's values from the gauges of living workers."""
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_starting(server: Any) -> None:
    """Start the embedded Redis, if one is needed, in the master, so that it runs exactly as long as the shop.

    In development, migrate the tables; in production, say what is missing.
    """
    os.environ.setdefault("STOREFRONT_WORKERS", str(server.cfg.workers))
    if not platform_features.HAS_C_PARSER:
        server.log.info("Requests are parsed in Python: gunicorn_h1c is not installed (see `flask doctor`).")
    with errors_end_process():
        app = create_app()
        redis_roles.ensure_embedded_server(app)
        setup.check_before_serving(app)
