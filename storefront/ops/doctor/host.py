"""Checks of this host: directories, disk space, open files."""

from __future__ import annotations

import os
import resource
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from flask import current_app

from storefront import platform_features
from storefront.ops.doctor.finding import Finding, judge, ok, warn, wrong

LITTLE, HARDLY_ANY = 2 * 1024**3, 256 * 1024**2  # free bytes
_SPARE = 1000  # open files of a worker that are not streams


def check() -> Iterator[Finding]:
    """Check the directories that the shop writes to, disk space and the limit of open files."""
    instance, media = Path(current_app.instance_path), Path(current_app.config["MEDIA_DIR"])
    yield judge("instance", _not_writable(instance), f"{instance} is writable.")
    yield judge("media", _not_writable(media), f"{media} is writable.")
    yield _secrets(instance)
    yield _space([instance, media])
    yield _open_files()
    yield _parser()


def _not_writable(folder: Path) -> str | None:
    """Return an error text if files cannot be created in a directory, or in its nearest parent if it is missing."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            return None
    except OSError as error:
        return (
            f"Cannot write to {folder}: {error.strerror}. Make the user that runs the shop its owner (chown)."
        )


def _secrets(instance: Path) -> Finding:
    secrets = [instance / "secret_key", *instance.glob("*.sqlite3")]
    readable = [file.name for file in secrets if file.exists() and file.stat().st_mode & 0o007]
    if "secret_key" in readable:
        return wrong("secrets", f"Every user of this host can read it. Run: chmod 600 {instance}/secret_key")
    if current_app.config["ENV"] == "production" and readable and instance.stat().st_mode & 0o005 == 0o005:
        return warn("secrets", f"Every user of this host can read {readable[0]}. Run: chmod o-rwx {instance}")
    return ok("secrets", "Other users of this host cannot read the secret files.")


def _space(folders: list[Path]) -> Finding:
    existing = [next(p for p in (folder, *folder.parents) if p.exists()) for folder in folders]
    folder = min(existing, key=lambda path: shutil.disk_usage(path).free)
    usage = shutil.disk_usage(folder)
    sentence = f"{usage.free / 1e9:,.1f} GB of {usage.total / 1e9:,.1f} GB are free at {folder}."
    if usage.free < HARDLY_ANY:
        return wrong("disk", f"{sentence} Writing will fail soon: free some space or use a larger disk.")
    return warn("disk", f"{sentence} Free some space.") if usage.free < LITTLE else ok("disk", sentence)


def _open_files() -> Finding:
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = current_app.config["STREAMS"] + _SPARE
    if most != resource.RLIM_INFINITY and most < wanted:
        return warn(
            "open files",
            f"A process may open {most:,} files, and each open page takes one: {wanted:,} are needed for "
            f"STOREFRONT_STREAMS={current_app.config['STREAMS']}. Set LimitNOFILE={wanted} in the unit (or "
            f"ulimit -n {wanted}), or lower STOREFRONT_STREAMS.",
        )
    return ok(
        "open files", f"enough for {current_app.config['STREAMS']:,} open pages; {os.cpu_count()} processors."
    )


def _parser() -> Finding:
    if platform_features.HAS_C_PARSER:
        return ok("parser", "gunicorn parses requests in C.")
    return ok(
        "parser",
        "gunicorn parses requests in Python, since gunicorn_h1c is not installed. That takes 0.05 ms of a "
        "processor for each request that no cached page answers. With a C compiler: make fast",
    )
