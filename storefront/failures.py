"""Sentences for failures outside the code: of files, disks, networks and databases."""

from __future__ import annotations

import errno
import os
import re
import sqlite3

from sqlalchemy.exc import DBAPIError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from storefront.errors import StorefrontError

AWAY = "The database does not answer. Check DATABASE_URL, and that the server is running."
UNAVAILABLE = "The database is unavailable, full or overloaded."
NO_TABLES = "The database lacks a table or a column that this version needs. Run: flask db upgrade"
_FULL = "The disk of the database is full. Free some space, then repeat the command."
_BUSY = "Another process writes to the database for too long. Repeat the command in a minute."
_DAMAGED = "The database file is damaged, or no database of SQLite. Restore a backup: flask restore FILE"
_UNWRITABLE = (
    "The database file cannot be opened for writing. Check DATABASE_URL, and that your user may write to the file "
    "and to its folder."
)
# By the beginning of the result code's name (sqlite.org/rescode.html).
_SQLITE = {
    "SQLITE_FULL": _FULL,
    "SQLITE_IOERR": "The disk of the database fails. Look at the system's log, and at the free space.",
    "SQLITE_CANTOPEN": _UNWRITABLE,
    "SQLITE_READONLY": _UNWRITABLE,
    "SQLITE_PERM": _UNWRITABLE,
    "SQLITE_AUTH": _UNWRITABLE,
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_NOTADB": _DAMAGED,
    "SQLITE_CORRUPT": _DAMAGED,
}
_NO_SUCH = re.compile(r"no such (?:table|column)|has no column named")
_OTHER_PRIMARY = "The database takes no writes: it is a replica. Name the primary in DATABASE_URL."
# By the beginning of the SQLSTATE (PostgreSQL's documentation, appendix A).
_POSTGRESQL = {
    "08": AWAY,
    "57P": AWAY,
    "57014": "The database took too long. Repeat the command when the database is less busy.",
    "40": _BUSY,
    "55P03": _BUSY,
    "53100": _FULL,
    "53200": "The database has no memory left. Repeat the command when it is less busy.",
    "53300": "The database takes no more connections. Raise max_connections, or stop what uses them.",
    "25006": _OTHER_PRIMARY,
    "42501": "The database's user may not do that. Make it the owner of the database named in DATABASE_URL.",
    "42P01": NO_TABLES,
    "42703": NO_TABLES,
    "28": "The database refuses the user or the password of DATABASE_URL. Correct it.",
    "3D000": "There is no such database on the server. Create it, or correct DATABASE_URL.",
}
# A refused connection has no SQLSTATE. The server's own words are the useful part of its message.
_REFUSED = re.compile(r"FATAL:\s+([^\n]+)")


def describe(error: BaseException) -> str | None:
    """Return a sentence about a failure and what to do; None if the error is a fault of the code."""
    if isinstance(error, StorefrontError):
        return str(error)
    if isinstance(error, PoolTimeoutError):
        return "All connections to the database are in use. Repeat the command when it is less busy."
    if isinstance(error, PendingRollbackError):
        return AWAY
    if isinstance(error, DBAPIError):
        return _describe_database(error)
    return _describe_system(error) if isinstance(error, OSError) else None


def lacks_tables(error: BaseException | None) -> bool:
    """Return whether a statement failed since the database lacks a table or a column."""
    return isinstance(error, DBAPIError) and _describe_database(error) == NO_TABLES


def _describe_database(error: DBAPIError) -> str | None:
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        name = getattr(cause, "sqlite_errorname", "")
        found = next((text for code, text in _SQLITE.items() if name.startswith(code)), None)
        return NO_TABLES if found is None and _NO_SUCH.search(str(cause)) else found
    state = getattr(cause, "sqlstate", None) or ""
    found = next((text for code, text in _POSTGRESQL.items() if state.startswith(code)), None)
    if found or state or not (isinstance(error, OperationalError) or error.connection_invalidated):
        return found
    refused = _REFUSED.search(str(cause))
    return f"The database refuses: {refused[1].rstrip('.')}. Check DATABASE_URL." if refused else AWAY


def _describe_system(error: OSError) -> str:
    path = error.filename
    what = os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else ""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            subject = f"the disk of {what}" if what else "the disk"
            return f"There is no space left on {subject}. Free some, then repeat the command."
        case errno.EACCES | errno.EPERM | errno.EROFS if what:
            return f"Your user may not read or write {what}. Change its owner or mode, or name another file."
        case errno.ENOENT if what:
            return f"There is no file or folder {what}. Check the path."
        case errno.EMFILE | errno.ENFILE:
            return "Too many files are open. Raise the limit (ulimit -n 4096), then repeat the command."
    reason = error.strerror or str(error) or type(error).__name__
    return f"{what or 'The system'}: {reason.rstrip('.')}. Check it, then repeat the command."
