"""The tables of plugins: each plugin has Alembic revisions of its own, and a table that names its newest one.

Other plugins, and the shop's own migrations, do not depend on them: a plugin may come and go.
"""

from __future__ import annotations

from flask import Flask, current_app

from storefront.extensions import db
from storefront.ops import schema
from storefront.plugins.installed import installed_plugins
from storefront.plugins.plugin import Plugin


def init_app(app: Flask) -> None:
    """Migrate the plugins' tables whenever the shop is set up (`flask setup`, `make run`)."""
    schema.set_up_hook.register(app, migrate)


def migrate() -> None:
    """Bring the tables of all plugins to their newest revision; each plugin in one transaction."""
    for one in installed_plugins(current_app):
        if one.plugin is not None and one.plugin.migrations is not None:
            _upgrade(one.plugin)


def _upgrade(plugin: Plugin) -> None:
    # Alembic is imported here, as in `ops.schema`: a serving process does not need it.
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(plugin.migrations))
    script = ScriptDirectory.from_config(config)

    def to_newest(revision: object, _context: object) -> object:
        return script._upgrade_revs("head", revision)  # type: ignore[arg-type]  # as alembic.command.upgrade does

    with (
        db.engine.connect() as connection,
        EnvironmentContext(config, script, fn=to_newest) as environment,
    ):
        environment.configure(
            connection=connection.execution_options(sqlite_begin="IMMEDIATE"),
            version_table=f"{plugin.name}_version",
            render_as_batch=True,
            transactional_ddl=True,
        )
        with environment.begin_transaction():
            environment.run_migrations()
