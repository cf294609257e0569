"""Benchmarks leave no process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.processes import ROOT, eventually


@pytest.mark.slow
@pytest.mark.needs("redis-server")
def test_a_stopped_benchmark_stops_its_servers(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.soak"]
    environ = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path), "MINUTES": "1"}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log)
    ours = psutil.Process(process.pid)
    seen: set[psutil.Process] = set()

    def serves() -> bool:
        seen.update(ours.children(recursive=True))
        return len(seen) > 2  # Redis, gunicorn and one worker

    try:
        assert eventually(serves, seconds=60), (tmp_path / "log").read_text()
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        assert eventually(lambda: not any(one.is_running() for one in seen))
        assert not list(tmp_path.glob("storefront-soak-*"))
    finally:
        for one in seen:
            with suppress(psutil.NoSuchProcess):
                one.kill()
