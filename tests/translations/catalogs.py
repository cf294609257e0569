"""The catalogs of translations (gettext): their texts are extracted from the code, merged, written and compiled.

Both files of a language are committed: `messages.po` is edited, `messages.mo` is read by the shop. They carry no
dates and no line numbers, so that the same texts give the same bytes.
"""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from tests.translations.faults import is_translated

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "storefront" / "translations"
LANGUAGES = ("de", "ja")

_METHODS = [
    ("storefront/**.py", "python"),
    ("templates/**.html", "jinja2"),
    ("templates/**.txt", "jinja2"),
]
_KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
_OPTIONS = {"**": {"silent": "false", "encoding": "utf-8"}}  # a template with a fault of syntax is an error
_NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)
# Headers that say nothing here, or change with every run.
_NOISE = re.compile(
    rb'"(Project-Id-Version|Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team'
    rb"|Generated-By):"
)


@functools.cache
def extract_texts() -> Catalog:
    """Return all texts for people that the code and the templates mark for gettext."""
    found = Catalog()
    for folder in ("storefront", "templates"):
        for file, _line, text, comments, _context in extract_from_dir(
            ROOT / folder,
            [(pattern.removeprefix(f"{folder}/"), method) for pattern, method in _METHODS],
            _OPTIONS,
            keywords=_KEYWORDS,
            comment_tags=("Translators:",),
            strip_comment_tags=True,
        ):
            found.add(text, auto_comments=comments, locations=[(f"{folder}/{file}", 0)])
    return found


def po_file(language: str) -> Path:
    """Return the path of a language's translations."""
    return FOLDER / language / "LC_MESSAGES" / "messages.po"


def read_translations(language: str) -> Catalog:
    """Return a language's translations; an empty catalog if it has none yet."""
    path = po_file(language)
    if not path.exists():
        return _new_catalog(language)
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def merge_texts(language: str) -> Catalog:
    """Return a language's translations with the texts of today: new ones are empty, stale ones are gone.

    A changed text is a new one: it takes no similar text's translation ("fuzzy"), which nobody would read again.
    """
    known, merged = read_translations(language), _new_catalog(language)
    for message in extract_texts():
        if not message.id:
            continue
        old = known.get(message.id)
        merged.add(message.id, string=old.string if old else None, auto_comments=message.auto_comments)
        if old:
            merged[message.id].user_comments = old.user_comments
    return merged


def format_po(catalog: Catalog) -> bytes:
    """Return a catalog as the content of a `.po` file, sorted by text."""
    content = BytesIO()
    write_po(content, catalog, width=110, no_location=True, sort_output=True)
    lines = content.getvalue().splitlines(keepends=True)
    return b"".join(line for line in lines if not _NOISE.match(line))


def format_mo(catalog: Catalog) -> bytes:
    """Return the translated texts of a catalog as the content of a `.mo` file."""
    compiled = _new_catalog(str(catalog.locale_identifier))
    for message in catalog:
        if message.id and is_translated(message):
            compiled.add(message.id, message.string)
    content = BytesIO()
    write_mo(content, compiled)
    return content.getvalue()


def write_translations(catalog: Catalog) -> None:
    """Write both files of a language."""
    path = po_file(str(catalog.locale_identifier))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(format_po(catalog))
    path.with_suffix(".mo").write_bytes(format_mo(catalog))


def _new_catalog(language: str) -> Catalog:
    return Catalog(
        locale=language,
        creation_date=_NO_DATE,
        revision_date=_NO_DATE,
        header_comment=f"# Translations of Storefront: {language}",
        fuzzy=False,
    )
