"""How Alembic runs the migrations: on the shop's own engine, inside one transaction."""

from alembic import context
from flask import current_app

from storefront.extensions import Model
from storefront.postgresql import allow_long_statements

_SEARCH = "product_search"  # a virtual table with shadow tables on SQLite: written by hand in its migration


def _ours(_object: object, name: str | None, kind: str, *_: object) -> bool:
    return not (kind in ("table", "index") and (name or "").startswith((_SEARCH, f"ix_{_SEARCH}")))


engine = current_app.extensions["migrate"].db.engine
with engine.connect() as connection:
    is_sqlite = connection.dialect.name == "sqlite"
    driver = connection.connection.driver_connection
    if is_sqlite:
        # A batch makes a table again, and dropping the old one would delete what refers to its rows
        # (sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema Changes").
        driver.execute("PRAGMA foreign_keys=OFF")
    context.configure(
        connection=connection.execution_options(sqlite_begin="IMMEDIATE"),
        target_metadata=Model.metadata,
        include_object=_ours,
        render_as_batch=True,
        compare_type=True,
        # Both databases roll a failed migration back; SQLite because BEGIN is ours (storefront.extensions).
        transactional_ddl=True,
    )
    try:
        with context.begin_transaction():
            allow_long_statements(connection)  # an index on a large table takes minutes
            context.run_migrations()
    finally:
        if is_sqlite:
            driver.execute("PRAGMA foreign_keys=ON")
