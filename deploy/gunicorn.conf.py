"""How gunicorn serves the shop: gevent workers, the C parser, time-outs that suit deploy/nginx."""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()  # before anything of ours is imported: the master loads the shop to start its Redis

import gc  # noqa: E402
import os  # noqa: E402
import shutil  # noqa: E402
import signal  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402

from storefront.config import instance_directory  # noqa: E402

if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    # Where the workers count for /metrics together; prometheus-client looks for it when it is imported. What an
    # earlier run counted goes; a reload of this file finds the variable set, and leaves the counts alone.
    _counts = instance_directory(os.environ, Path(__file__).parent.parent / "instance") / "metrics"
    shutil.rmtree(_counts, ignore_errors=True)
    _counts.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_counts)

from prometheus_client import multiprocess  # noqa: E402

from storefront import periodic, redis_roles, stock  # noqa: E402
from storefront.app import create_app  # noqa: E402

if "WEB_CONCURRENCY" not in os.environ:  # which gunicorn reads; --workers comes before both
    workers = max(2, len(os.sched_getaffinity(0)))  # one a core: a worker never waits, it has other greenlets
worker_class = "storefront.edge.worker.Worker"  # gevent's, that answers held pages at once
worker_connections = 2000  # answers being made at a time; open streams are not among them
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # a busy disk must not look like a hung worker
timeout = 15
graceful_timeout = 10  # for pages: streams are told to come back within five seconds
keepalive = 5  # nginx hangs up after 4
http_parser = "auto"
control_socket_disable = True
limit_request_line = 8190
limit_request_fields = 60
limit_request_field_size = 16384
max_requests = 1_000_000  # against slow leaks of libraries; each renewal ends streams and forgets held pages
max_requests_jitter = 250_000  # so that they do not renew together
accesslog = None


def post_worker_init(worker: Any) -> None:
    """Start the periodic tasks, install the signal handlers, and keep garbage collection short."""
    periodic.start_tasks(worker.wsgi)  # at once: mail and webhooks do not wait for a first request
    # The master alone answers Ctrl-C: a terminal sends it to the workers too, which then die in the middle.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stop: Any = signal.getsignal(signal.SIGTERM)

    def leave(number: int, frame: object) -> None:
        # Open streams are told at once: gunicorn first waits for what is being answered.
        gevent.spawn(stock.hub.get(worker.wsgi).close)
        stop(number, frame)

    signal.signal(signal.SIGTERM, leave)
    # What is there now stays: to look through it again and again costs pauses, and lets rubbish pile up meanwhile.
    gc.collect()
    gc.freeze()


def worker_exit(_server: object, worker: Any) -> None:
    """Tell streams that are still open to come back: a worker also ends without a signal, after so many requests."""
    if (app := getattr(worker, "wsgi", None)) is not None:
        stock.hub.get(app).close()


def child_exit(_server: object, worker: Any) -> None:
    """Take a dead worker out of what is counted of living ones."""
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_starting(server: Any) -> None:
    """Start the embedded Redis, if one is needed, with the master: it then runs exactly as long as the shop."""
    os.environ.setdefault("STOREFRONT_WORKERS", str(server.cfg.workers))
    redis_roles.ensure_embedded_server(create_app())
