"""This machine: directories, disk space, open files."""

from __future__ import annotations

import os
import resource
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from flask import current_app

from storefront.ops.doctor.finding import Finding, judge, ok, warn, wrong

LITTLE, HARDLY_ANY = 2 * 1024**3, 256 * 1024**2  # bytes free
_SPARE = 1000  # files a worker opens besides streams


def look() -> Iterator[Finding]:
    """Look at what the shop writes to, and at how much may be open."""
    instance, media = Path(current_app.instance_path), Path(current_app.config["MEDIA_DIR"])
    yield judge("instance", _not_writable(instance), f"{instance} is writable.")
    yield judge("media", _not_writable(media), f"{media} is writable.")
    yield _kept_to_itself(instance)
    yield _space([instance, media])
    yield _open_files()


def _not_writable(folder: Path) -> str | None:
    """Return what is wrong with a directory. One that does not exist yet is judged by where it would be made."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            return None
    except OSError as error:
        return f"{folder} cannot be written: {error.strerror}. Give it to the user that runs the shop: chown."


def _kept_to_itself(instance: Path) -> Finding:
    secrets = [instance / "secret_key", *instance.glob("*.sqlite3")]
    told = [file.name for file in secrets if file.exists() and file.stat().st_mode & 0o007]
    if "secret_key" in told:
        return wrong("secrets", f"Anybody on this machine may read it. Run: chmod 600 {instance}/secret_key")
    if current_app.config["ENV"] == "production" and told and instance.stat().st_mode & 0o005 == 0o005:
        return warn("secrets", f"Anybody on this machine may read {told[0]}. Run: chmod o-rwx {instance}")
    return ok("secrets", "Nobody else on this machine may read what is secret.")


def _space(folders: list[Path]) -> Finding:
    there = [next(p for p in (folder, *folder.parents) if p.exists()) for folder in folders]
    folder = min(there, key=lambda place: shutil.disk_usage(place).free)
    usage = shutil.disk_usage(folder)
    sentence = f"{usage.free / 1e9:,.1f} GB of {usage.total / 1e9:,.1f} GB are free at {folder}."
    if usage.free < HARDLY_ANY:
        return wrong("disk", f"{sentence} Nothing can be written soon: make room, or a larger disk.")
    return warn("disk", f"{sentence} Make room.") if usage.free < LITTLE else ok("disk", sentence)


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
