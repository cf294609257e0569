"""Lua scripts: called by digest, and sent as text to a server that does not know them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from storefront.redis_roles import LuaScript
from tests.redis_roles.servers import Server, server


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Server]:
    with server(tmp_path) as one:
        yield one


@pytest.fixture
def script(tmp_path: Path) -> LuaScript:
    file = tmp_path / "append.lua"
    file.write_text(
        "-- für jeden\nredis.call('APPEND', KEYS[1], ARGV[1])\nreturn redis.call('GET', KEYS[1])\n"
    )
    return LuaScript(file)


def test_a_script_is_sent_whole_only_once(redis: Server, script: LuaScript) -> None:
    assert [run(script, redis) for _ in range(3)] == ["x", "xx", "xxx"]
    assert sent(redis) == {"eval": 1, "evalsha": 3}


def test_server_that_forgot_a_script_gets_it_again(redis: Server, script: LuaScript) -> None:
    assert run(script, redis) == "x"
    redis.client.script_flush()
    assert run(script, redis) == "xx"
    redis.kill()
    redis.start()
    assert run(script, redis) == "x"


def test_error_in_a_script_is_raised_to_the_caller(redis: Server, script: LuaScript) -> None:
    redis.client.lpush("key", "a list")
    for _ in range(2):
        with pytest.raises(ResponseError, match="WRONGTYPE"):
            run(script, redis)


def test_arguments_are_text_bytes_or_numbers(redis: Server, script: LuaScript) -> None:
    client: Redis = Redis.from_url(redis.url)
    assert script.run(client, ["key"], [b"bytes "]) == b"bytes "
    assert script.run(client, ["key"], [7]) == b"bytes 7"
    client.close()


def run(script: LuaScript, redis: Server) -> object:
    return script.run(redis.client, keys=["key"], args=["x"])


def sent(redis: Server) -> dict[str, int]:
    stats = redis.client.info("commandstats")
    return {name: stats[f"cmdstat_{name}"]["calls"] for name in ("eval", "evalsha")}
