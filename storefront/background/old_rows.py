"""Rows that are kept for a time: deleted in batches by periodic tasks, so that no transaction is long."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, inspect, select

from storefront.extensions import Model, db, write_transaction

BATCH = 1000


def delete_old_rows(model: type[Model], is_old: ColumnElement[bool], *, most: int = BATCH) -> int:
    """Delete a batch of the rows for which the condition holds; return how many."""
    [key] = inspect(model).primary_key
    keys = db.session.scalars(select(key).where(is_old).limit(most)).all()
    db.session.rollback()
    if keys:
        with write_transaction() as session:
            # The condition again: a row may have been used since.
            statement = delete(model).where(key.in_(keys), is_old)
            session.execute(statement.execution_options(synchronize_session=False))
    return len(keys)
