"""Every command ends with one sentence when its database, its file or the disk fails."""

from __future__ import annotations

import errno
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import click
import click.testing
import pytest
from flask import Flask
from flask.cli import run_command, shell_command
from flask_migrate.cli import db as migration_commands
from sqlalchemy import event, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

from storefront import failures
from storefront.app import create_app
from storefront.errors import ConfigurationError
from storefront.extensions import db
from storefront.ops import schema, setup, warm_up
from storefront.terminal import INTERRUPTED, guard
from tests.conftest import close_shop, make_app
from tests.processes import ROOT, free_port

AWAY = "postgresql://shop@127.0.0.1:1/shop"
# Values of arguments and required options that their types do not give.
VALUES = {"email": "kim@example.com", "url": "https://shop.example/hook", "events": "order.placed"}
VALUES |= {"scopes": "stock:read", "tags": "product:1", "keys": "custom.fabric"}
# They write files of a developer's checkout and need no database; or they show the application itself.
OF_DEVELOPERS = {"edit", "init", "list-templates", "merge", "revision"}
SHOWS = {"branches", "heads", "history", "show"}


def leaves(
    command: click.Command, words: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield the words of each command below a group, and the command."""
    if not isinstance(command, click.Group):
        yield words, command
        return
    for name, child in command.commands.items():
        yield from leaves(child, (*words, name))


def arguments(command: click.Command, file: Path, text: str = "") -> list[str]:
    """Return the shortest arguments with which a command runs; files are this one, texts too if one is given."""
    found: list[str] = []
    for parameter in command.params:
        if not parameter.required:
            continue
        if isinstance(parameter, click.Option):
            found.append(parameter.opts[0])
        kind = parameter.type
        if isinstance(kind, click.Path):
            found.append(str(file))
        elif isinstance(kind, click.Choice):
            found.append(str(kind.choices[0]))
        elif text and kind is click.STRING:
            found.append(text)
        else:
            found.append(VALUES.get(str(parameter.name), "1"))
    return found


def every_command(app: Flask) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield from ((words, command) for words, command in leaves(app.cli) if words != ("db",))
    for words, command in leaves(migration_commands, ("db",)):
        if not {*words} & (OF_DEVELOPERS | SHOWS):
            yield words, command


def run(app: Flask, *words: str) -> tuple[int, str]:
    """Run a command; return its status and output. An exception that reaches the top is raised."""
    db.session.remove()
    done = app.test_cli_runner().invoke(args=list(words), catch_exceptions=False)
    return done.exit_code, done.output


def sentences(output: str) -> str:
    assert "Traceback" not in output
    assert len(output.strip().splitlines()) <= 3, output
    return output


def test_every_command_says_that_the_database_is_away(tmp_path: Path, redis_url: str) -> None:
    app = make_app(AWAY, tmp_path, REDIS_URL=redis_url)
    file = tmp_path / "file.csv"
    file.write_text("Handle,Title\npot,Pot\n")
    # They read Redis or a file, or check the database themselves.
    of_cache = {("cache", name) for name in ("stats", "estimate", "preview")}
    needs_none = of_cache | {
        ("limits", "report"),
        ("checkout", "check"),
        ("plugins", "list"),
        ("plugins", "migrate"),
    }
    writes, seen = ("backup", "export"), set()
    for words, command in every_command(app):
        with app.app_context():
            named = file.with_suffix(".new") if words[-1] in writes else file
            status, output = run(app, *words, *arguments(command, named))
        seen.add(words[0])
        assert "Traceback" not in output, words
        if words not in needs_none:
            assert status == 1, (words, output)
            assert "database" in output or "pg_dump" in output or "backup" in output, (words, output)
    assert {"backup", "catalog", "db", "demo", "setup", "user"} <= seen


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("state", ["missing", "a folder", "unreadable", "garbage"])
def test_commands_with_a_file_say_what_is_wrong_with_it(app: Flask, tmp_path: Path, state: str) -> None:
    file = tmp_path / "given.csv"
    if state == "a folder":
        file.mkdir()
    elif state != "missing":
        file.write_bytes(b"\x00\xff\x00garbage")
        file.chmod(0 if state == "unreadable" else 0o644)
    for words, command in leaves(app.cli):
        takes_file = any(isinstance(p.type, click.Path) and p.required for p in command.params)
        is_written = words[-1] == "export" or words == ("backup",)
        if not takes_file or (is_written and state != "a folder"):
            continue
        if words[-1] == "stats" or (os.getuid() == 0 and state == "unreadable"):
            continue
        status, output = run(app, *words, *arguments(command, file))
        assert status in (1, 2), (words, output)
        assert "Traceback" not in output, words
        assert "given.csv" in output or "file" in output.lower(), (words, output)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_no_command_takes_bytes_that_are_not_text(app: Flask, tmp_path: Path) -> None:
    refused = 0
    for words, command in leaves(app.cli):
        # What Python makes of such a byte (PEP 383).
        given = arguments(command, tmp_path / "file.csv", "a\udcff")
        if "a\udcff" in given:
            status, output = run(app, *words, *given)
            assert status in (1, 2), (words, output)
            assert "Traceback" not in output, words
            refused += "bytes that are not UTF-8" in output
    assert refused >= 8


def test_a_setting_with_bytes_that_are_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="STOREFRONT_NAME holds bytes that are not UTF-8"):
        make_app("sqlite://", tmp_path, STOREFRONT_NAME="Tea\udcff")


def test_no_database_is_made_beside_the_instance_directory(tmp_path: Path) -> None:
    (tmp_path / "shop?").mkdir()
    with pytest.raises(ConfigurationError, match="has a question mark"):
        create_app({}, instance=tmp_path / "shop?")
    assert not (tmp_path / "shop").exists()


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    code = "from storefront.__main__ import main; main(prog_name='storefront')"
    environ = {"PATH": os.environ["PATH"], "STOREFRONT_INSTANCE_DIR": str(tmp_path)}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code, "limits", "report"],
            cwd=ROOT,
            env=environ | {"REDIS_URL": "redis://127.0.0.1:1/0"},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "Redis for limit is away" in sentences(done.stderr)


def test_a_wrong_setting_is_one_sentence_for_every_program(tmp_path: Path) -> None:
    environ = {
        "PATH": os.environ["PATH"],
        "STOREFRONT_INSTANCE_DIR": str(tmp_path),
        "STOREFRONT_CACHE": "tea",
    }
    bin_dir = ROOT / ".venv" / "bin"
    programs = (
        [str(bin_dir / "flask"), "doctor"],
        [sys.executable, "-m", "storefront", "doctor"],
        [
            str(bin_dir / "gunicorn"),
            "--config",
            "deploy/gunicorn.conf.py",
            "--bind",
            "127.0.0.1:0",
            "wsgi:app",
        ],
    )
    for command in programs:
        done = subprocess.run(
            command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode in (1, 3), command  # gunicorn's own status is 3
        assert "Traceback" not in done.stderr, command
        assert "Error: STOREFRONT_CACHE is 'tea'" in done.stderr, command


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            OSError(errno.ENOSPC, "No space left", "/data/x"),
            "There is no space left on the disk of /data/x. Free",
        ),
        (PermissionError(errno.EACCES, "denied", "/data/x"), "may not read or write /data/x"),
        (FileNotFoundError(errno.ENOENT, "nothing", "/data/x"), "There is no file or folder /data/x."),
        (OSError(errno.EIO, "Input/output error", "/data/x"), "/data/x: Input/output error."),
    ],
)
def test_errors_of_files_are_sentences(error: OSError, sentence: str) -> None:
    assert sentence in str(failures.describe(error))


def test_errors_of_the_database_are_sentences(app: Flask) -> None:
    for statement in ("SELECT absent FROM product", "SELECT 1 FROM absent"):
        with pytest.raises(DBAPIError) as raised:
            db.session.execute(text(statement))
        db.session.rollback()
        assert failures.lacks_tables(raised.value)
        assert "flask db upgrade" in str(failures.describe(raised.value))
    with pytest.raises(DBAPIError) as raised:
        db.session.execute(text("SELECT 1 FROM"))
    db.session.rollback()
    assert failures.describe(raised.value) is None, "a fault of the code keeps its traceback"


def test_ctrl_c_ends_any_command_with_a_sentence() -> None:
    def run_command() -> None:
        raise KeyboardInterrupt

    command = click.Command("work", callback=run_command)
    guard(command)
    guard(command)  # no second time
    done = click.testing.CliRunner().invoke(command)
    assert done.exit_code == INTERRUPTED
    assert done.output.count("Stopped. ") == 1
    assert "repeat the command" in done.output


def test_commands_name_the_tables_that_are_missing(empty_url: str, tmp_path: Path) -> None:
    app = make_app(empty_url, tmp_path)
    with app.app_context():
        status, output = run(app, "catalog", "export", "-")
        assert (status, " setup --no-demo" in sentences(output)) == (1, True)
        assert run(app, "catalog", "export", "--help")[0] == 0
        assert app.test_client().get("/products").status_code == 503, "no 500 that pages the operator"
        assert run(app, "db", "upgrade", "0030")[0] == 0
        assert "at revision 0030" in run(app, "user", "list")[1]
        assert run(app, "setup", "--no-demo")[0] == 0
        for revision, sentence in (("9999", ""), ("abc", "no version of this shop has")):
            with db.engine.begin() as connection:
                connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})
            status, output = run(app, "user", "list")
            assert (status, sentence in output) == (1 if sentence else 0, True)
        assert "no version of this shop has" in run(app, "setup")[1]
        assert schema.problem() is not None
        db.session.remove()
        db.engine.dispose()


def test_gunicorn_migrates_in_development_and_says_what_lacks(
    empty_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    production = {"STOREFRONT_ENV": "production", "SECRET_KEY": "k" * 32, "TRUSTED_HOSTS": "shop.example"}
    live = make_app(empty_url, tmp_path, **production, REDIS_URL="redis://127.0.0.1:1/0")
    setup.check_before_serving(live)
    assert "This shop has no tables yet. Run: flask setup" in caplog.text
    caplog.clear()
    app = make_app(empty_url, tmp_path)
    setup.check_before_serving(app)
    assert schema.EMPTY in caplog.text
    caplog.clear()
    setup.check_before_serving(live)
    assert caplog.text == ""
    setup.check_before_serving(make_app(AWAY, tmp_path))  # starts all the same


def test_flask_run_sets_up_and_flask_shell_says_what_to_type(
    tmp_path: Path, media: Path, redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"STOREFRONT_ENV": "development", "STOREFRONT_MEDIA_DIR": str(media), "REDIS_URL": redis_url}
    settings |= {"STOREFRONT_PICTURES_IN_BACKGROUND": "off"}
    url = f"sqlite:///{tmp_path / 'new.sqlite3'}"
    with click.Context(shell_command, info_name="shell"), pytest.raises(schema.UnusableTablesError):
        make_app(url, tmp_path, **settings)
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        click.Context(run_command, info_name="run") as context,
    ):
        context.params = {"host": "127.0.0.1", "port": taken.getsockname()[1]}
        with pytest.raises(setup.UnusableAddressError, match="flask run --port"):
            make_app(url, tmp_path, **settings)
    with click.Context(run_command, info_name="run") as context:
        context.params = {"host": "::1", "port": free_port()}
        app = make_app(url, tmp_path, **settings)
        printed = capsys.readouterr().out
        assert "63 products" in printed
        assert f"http://[::1]:{context.params['port']}/account/link/" in printed
        make_app(url, tmp_path, **settings)
        assert "63 products" not in capsys.readouterr().out
    assert app.test_client().get("/", base_url="http://localhost").status_code == 200
    with click.Context(shell_command, info_name="shell"):
        make_app(url, tmp_path, **settings)


def test_ctrl_c_while_flask_run_sets_up_is_one_sentence(
    tmp_path: Path, redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def press(*_: object) -> None:
        if threading.current_thread() is threading.main_thread():  # not in a thread of an earlier test's shop
            raise KeyboardInterrupt

    settings = {"STOREFRONT_ENV": "development", "REDIS_URL": redis_url}
    with click.Context(run_command, info_name="run") as context:
        context.params = {"host": "127.0.0.1", "port": free_port()}
        event.listen(Engine, "connect", press)
        try:
            with pytest.raises(SystemExit) as ended:
                make_app(f"sqlite:///{tmp_path / 'new.sqlite3'}", tmp_path, **settings)
        finally:
            event.remove(Engine, "connect", press)
    assert ended.value.code == INTERRUPTED
    assert "Stopped. What was complete is kept; repeat the command" in capsys.readouterr().err


def test_any_server_says_that_a_new_shop_is_empty(
    empty_url: str, tmp_path: Path, redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings = {"STOREFRONT_ENV": "development", "REDIS_URL": redis_url}
    for said in (1, 0):
        caplog.clear()
        app = make_app(empty_url, tmp_path, **settings)
        assert app.test_client().get("/", base_url="http://localhost").status_code == 200
        assert caplog.text.count(schema.EMPTY) == said
        with app.app_context():
            close_shop(app)  # its threads first: a connection in use would stay open


def test_no_page_is_rendered_in_advance_without_tables(
    empty_url: str, tmp_path: Path, redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    app = make_app(empty_url, tmp_path, REDIS_URL=redis_url)
    warm_up.in_advance(app)
    assert failures.NO_TABLES in caplog.text
    assert "Traceback" not in caplog.text
    with app.app_context():
        db.engine.dispose()


def test_a_foreign_address_is_not_called_taken() -> None:
    assert "192.0.2.1 is no address of this machine" in str(setup.check_bind_address("192.0.2.1:8000"))


def test_a_key_that_cannot_be_written_names_its_folder(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file or directory") as raised:
        create_app({}, instance=tmp_path / "gone")
    assert raised.value.filename == str(tmp_path / "gone")


def test_the_page_of_a_database_that_is_away_has_its_style_sheet(tmp_path: Path, redis_url: str) -> None:
    app = make_app(AWAY, tmp_path, STOREFRONT_ENV="development", REDIS_URL=redis_url)
    client = app.test_client()
    page = client.get("/cart", base_url="http://localhost")
    sheet = re.search(r'href="(/static/css/[^"]+)"', page.text)
    assert page.status_code == 503
    assert sheet
    for path in (sheet[1], "/favicon.ico", "/healthz"):
        assert client.get(path, base_url="http://localhost").status_code == 200, path
