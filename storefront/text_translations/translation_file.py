"""Translations as a CSV file: a row for each text of the shop, with its source and its translation.

An import is all or nothing: rows that cannot be used are named, then nothing is saved. An empty translation removes
the one that the shop has; a text without a row keeps it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.extensions import db, write_transaction
from storefront.i18n import gettext as _
from storefront.languages import Language
from storefront.sheets.cells import unescape_formula
from storefront.sheets.named_rows import open_named_table
from storefront.sheets.writer import CsvWriter
from storefront.text_translations.models import TextTranslation
from storefront.text_translations.sources import SourceKind, SourceTexts, find_kind, list_kinds
from storefront.text_translations.translation_edits import NewText, read_texts, save_texts
from storefront.web.language_routes import list_languages

HEADER = ("Language", "Kind", "Key", "Field", "Source", "Translation")
_COLUMNS = tuple(name.lower() for name in HEADER)
_BATCH = 500
# Rows of one owner in one language: by (language, kind, key), by field: line, source, translation.
_Given = dict[tuple[str, str, str], dict[str, tuple[int, str, str]]]


@dataclass(slots=True)
class TranslationReport:
    """What an import did, or would do. `refused`: (line, reason) of rows that cannot be used; then it did nothing."""

    rows: int = 0
    changed: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)


def export(writer: CsvWriter, language: Language) -> int:
    """Write all texts of the shop with their translations into a language; return how many."""
    writer.write_row(HEADER)
    session = db.session()
    for kind in list_kinds():
        owners = kind.read(session, None)
        while batch := list(islice(owners, _BATCH)):
            known = _read_translations(
                session, kind.name, [owner.owner_id for owner in batch], language.locale
            )
            for owner in batch:
                for name, source in owner.texts.items():
                    if source:
                        text = known.get((owner.owner_id, name), "")
                        writer.write_row((language.tag, kind.name, owner.key, name, source, text))
    return writer.rows - 1


def import_file(
    path: Path, *, dry_run: bool = False, may_change: Callable[[SourceKind], bool] = lambda _kind: True
) -> TranslationReport:
    """Save the translations of a file, all or none.

    Args:
        path: of the file.
        dry_run: whether nothing is saved.
        may_change: whether the person may change texts of a kind.

    Raises:
        UnreadableFileError: it is not a file of translations.
    """
    report = TranslationReport()
    given = _read(path, report)
    with write_transaction() as session:
        found = _find_owners(session, given, report)
        if report.refused:
            report.refused.sort()
            return report
        for (tag, kind_name, key), rows in given.items():
            kind, owner = found[kind_name, key]
            locale = _languages()[tag].locale
            now = read_texts(session, kind.name, owner, locale)
            wanted = {
                name: NewText(text, now[name].text if name in now else "", source)
                for name, (_line, source, text) in rows.items()
                if text or name in now
            }
            if may_change(kind):
                report.changed += save_texts(session, kind, owner, locale, wanted)
                continue
            reason = _("You may not change texts of this kind: %(kind)s.", kind=str(kind.label))
            changed = [name for name, new in wanted.items() if kind.clean(name, new.text) != new.seen]
            report.refused += [(rows[name][0], reason) for name in changed]
        if dry_run or report.refused:
            session.rollback()
    return report


def _languages() -> Mapping[str, Language]:
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # Flask's own way
    return {each.tag: each for each in list_languages(app)}


def _read(path: Path, report: TranslationReport) -> _Given:
    table = open_named_table(path, _COLUMNS, _COLUMNS[:4] + _COLUMNS[5:], what=_("a file of translations"))
    given: _Given = defaultdict(dict)
    with table.rows() as rows:
        for row in rows:
            report.rows += 1
            cells = {name: unescape_formula(row.cells.get(name, "")) for name in _COLUMNS}
            owner = (cells["language"].strip().lower(), cells["kind"].strip().lower(), cells["key"].strip())
            name = cells["field"]
            if reason := row.damage or _find_fault(*owner[:2], name, cells["translation"]):
                report.refused.append((row.line, reason))
            elif name in given[owner]:
                report.refused.append((row.line, _("This text is in the file twice.")))
            else:
                given[owner][name] = (row.line, cells["source"], cells["translation"].strip())
    return given


def _find_fault(tag: str, kind_name: str, name: str, text: str) -> str:
    """Return why a row cannot be used whatever its owner is; empty if it can."""
    kind = find_kind(kind_name)
    if tag not in _languages():
        known = ", ".join(_languages()) or "–"
        return _("“%(tag)s” is not a further language of the shop. It has: %(known)s.", tag=tag, known=known)
    if kind is None:
        known = ", ".join(each.name for each in list_kinds())
        return _("“%(kind)s” is not a kind of text. There are: %(known)s.", kind=kind_name, known=known)
    here = kind.find_field(name)
    if here is None:
        known = ", ".join(each.name for each in kind.fields or ())
        return _("“%(field)s” is not a field. There are: %(known)s.", field=name, known=known)
    if len(text) > here.most:
        return _("The translation is longer than %(most)d characters.", most=here.most)
    return ""


def _find_owners(
    session: Session, given: _Given, report: TranslationReport
) -> dict[tuple[str, str], tuple[SourceKind, SourceTexts]]:
    """Return the owners of the rows by kind and key; rows without one are refused."""
    wanted = {(kind, key) for _tag, kind, key in given}
    found = {
        (kind.name, owner.key): (kind, owner)
        for kind in list_kinds()
        if any(name == kind.name for name, _key in wanted)
        for owner in kind.read(session, None)
        if (kind.name, owner.key) in wanted
    }
    for line, reason in _refuse_unknown(given, found):
        report.refused.append((line, reason))
    return found


def _refuse_unknown(
    given: _Given, found: Mapping[tuple[str, str], tuple[SourceKind, SourceTexts]]
) -> Iterator[tuple[int, str]]:
    for (_tag, kind, key), rows in given.items():
        owner = found[kind, key][1] if (kind, key) in found else None
        for name, (line, _source, _text) in rows.items():
            if owner is None:
                yield line, _("The shop has no %(kind)s “%(key)s”.", kind=kind, key=key)
            elif name not in owner.texts:
                yield line, _("The shop has no text “%(field)s”.", field=name)


def _read_translations(
    session: Session, kind: str, owner_ids: list[int], locale: str
) -> Mapping[tuple[int, str], str]:
    columns = select(TextTranslation.owner_id, TextTranslation.field, TextTranslation.text)
    rows = session.execute(
        columns.where(
            TextTranslation.kind == kind,
            TextTranslation.locale == locale,
            TextTranslation.owner_id.in_(owner_ids),
        )
    )
    return {(row.owner_id, row.field): row.text for row in rows}
