"""Checks of each Redis server: version, memory, persistence, replicas, latency and clock for its roles."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

from flask import current_app
from redis import Redis

from storefront import redis_roles
from storefront.ops.doctor.database import skew
from storefront.ops.doctor.finding import Finding, ok, warn, wrong
from storefront.redis_roles import Role
from storefront.redis_roles.errors import REDIS_ERRORS

OLDEST = {"redis": (6, 2), "valkey": (7, 2)}
SLOW = 0.02  # seconds; a page waits 0.1 s at most
FULL = 0.9  # share of maxmemory


def check() -> Iterator[Finding]:
    """Check each server once, even if several roles share it."""
    for roles in redis_roles.group_by_server():
        names = ", ".join(roles)
        about = f"redis {names}" if len(roles) < len(Role) else "redis"
        if (problem := redis_roles.check_server(roles[0])) is not None:
            variable = f"{roles[0].upper()}_REDIS_URL or REDIS_URL"
            yield wrong(about, f"{problem.rstrip('.')}. Check {variable}, and that the server is running.")
            continue
        try:
            for node in redis_roles.server_clients(roles[0]):
                yield from _server(about, roles, node)
        except REDIS_ERRORS as error:
            yield wrong(
                about, f"It answers, but refuses to show its configuration: {error}. Allow INFO and TIME."
            )


def _server(about: str, roles: list[Role], node: Redis) -> Iterator[Finding]:
    info: dict[str, Any] = node.info()
    yield _version(about, info)
    yield _memory(about, roles, info)
    if _holds_state(roles):
        yield _persistence(about, info)
    if (finding := _replicas(about, roles, info)) is not None:
        yield finding
    yield _answers(about, node)
    before = time.time()
    seconds, micros = node.time()
    yield skew(f"{about} clock", seconds + micros / 1e6 - (before + time.time()) / 2, "that of Redis")


def _holds_state(roles: list[Role]) -> bool:
    return any(role != Role.CACHE for role in roles)


def _version(about: str, info: dict[str, Any]) -> Finding:
    name = str(info.get("server_name", "redis"))
    text = str(info.get(f"{name}_version", info["redis_version"]))
    version = tuple(int(part) for part in re.findall(r"\d+", text)[:2])
    floor = OLDEST.get(name, OLDEST["redis"])
    if version < floor:
        return wrong(
            f"{about} version",
            f"{name} {text}; the shop needs {floor[0]}.{floor[1]} or newer. Upgrade.",
        )
    return ok(f"{about} version", f"{name} {text}.")


def _memory(about: str, roles: list[Role], info: dict[str, Any]) -> Finding:
    about, policy, most = f"{about} memory", info.get("maxmemory_policy", "unknown"), info.get("maxmemory", 0)
    used = f"{info['used_memory'] / 1e6:,.0f} MB" + (f" of {most / 1e6:,.0f} MB" if most else "")
    state, copies = _holds_state(roles), Role.CACHE in roles
    if state and policy.startswith("allkeys"):
        return wrong(
            about,
            f"maxmemory-policy is {policy}: a flood of pages evicts sessions and limits. "
            f"Set maxmemory-policy {'volatile-ttl' if copies else 'noeviction'}"
            f"{', or give the cache a server of its own with CACHE_REDIS_URL' if copies else ''}.",
        )
    if copies and not state and not policy.startswith("allkeys"):
        return warn(
            about, f"maxmemory-policy is {policy}. For the cache alone set maxmemory-policy allkeys-lfu."
        )
    if copies and most == 0:
        return warn(about, f"{used}, and no limit: set maxmemory to what `flask cache estimate` says.")
    if copies and state and policy == "noeviction":
        return wrong(
            about, "maxmemory-policy is noeviction: once full, nothing is cached. Set it to volatile-ttl."
        )
    if copies and state and current_app.config["ENV"] == "production":
        return warn(
            about,
            f"{used}, {policy}. The cache shares a server with sessions and limits: "
            "give it a server of its own with CACHE_REDIS_URL.",
        )
    if state and not copies and most and info["used_memory"] > FULL * most:
        return wrong(
            about, f"{used} ({policy}): soon sessions and limits cannot be written. Raise maxmemory."
        )
    return ok(about, f"{used}, {policy}.")


def _persistence(about: str, info: dict[str, Any]) -> Finding:
    about = f"{about} persistence"
    if info.get("aof_enabled"):
        if info.get("aof_last_write_status", "ok") != "ok":
            return wrong(about, "Redis cannot write its append-only file. Check its disk.")
        return ok(about, "An append-only file.")
    sentence = "appendonly is no: a restart of Redis forgets sessions and limits. Set appendonly yes."
    return warn(about, sentence)


def _replicas(about: str, roles: list[Role], info: dict[str, Any]) -> Finding | None:
    if info.get("role") == "slave":
        return wrong(
            f"{about} replicas", "This is a replica: it takes no writes. Name the master, or the sentinels."
        )
    if not redis_roles.uses_sentinel(roles[0]):
        return None
    replicas = int(info.get("connected_slaves", 0))
    # Redis reports this field only if min-replicas-to-write is set.
    if replicas < 2 and "min_slaves_good_slaves" in info:
        return warn(
            f"{about} replicas",
            f"The master has {replicas} replicas. With fewer than two, writes stay refused after a failover "
            "(min-replicas-to-write): start another.",
        )
    if not replicas:
        return warn(
            f"{about} replicas", "No replica follows the master, so there is no failover. Start a replica."
        )
    return ok(f"{about} replicas", f"Replicas that follow the master: {replicas}.")


def _answers(about: str, node: Redis) -> Finding:
    took = []
    for _ in range(9):
        began = time.perf_counter()
        node.ping()
        took.append(time.perf_counter() - began)
    typical = sorted(took)[len(took) // 2]
    sentence = f"It answers in {typical * 1000:.1f} ms."
    if typical > SLOW:
        return warn(
            f"{about} latency", f"{sentence} Pages give up after 100 ms: move it nearer or reduce its load."
        )
    return ok(f"{about} latency", sentence)
