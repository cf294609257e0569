"""Random tables are read back as they were written; random bytes are read, or refused with a sentence."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Sequence
from encodings.aliases import aliases
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from storefront.sheets.errors import UnreadableFileError
from storefront.sheets.table import SheetRow, open_table

HEADER = ["Handle", "Title", "Body", "SKU", "Price", "Tags", "End"]
TEXTS = st.text(st.sampled_from('ab"\n é;,'), max_size=8)
ROWS = st.lists(
    st.tuples(
        st.sampled_from("klm"), TEXTS, TEXTS, st.sampled_from(["S-1", "", "T,2"]), st.just("9.99"), TEXTS
    ).map(lambda cells: [*cells, "end"]),
    min_size=1,
    max_size=8,
)
QUOTING = st.booleans()
ENCODINGS = sorted(set(aliases.values()))  # every one of Python's
# Bytes that are mostly Windows-1252, with some that it does not have.
WESTERN = st.lists(st.sampled_from([*"äöüß,\n".encode("cp1252"), 0x9D]), max_size=100).map(bytes)


def score(cells: Sequence[str]) -> int:
    return len(set(cells) & set(HEADER))


def write(rows: list[list[str]], quoting: bool, delimiter: str = ",") -> str:
    text = io.StringIO(newline="")
    dialect = csv.unix_dialect if quoting else csv.excel  # which quote all cells, or those that need it
    csv.writer(text, dialect, delimiter=delimiter, lineterminator="\n").writerows([HEADER, *rows])
    return text.getvalue()


def read(data: bytes, encoding: str | None = None) -> list[SheetRow]:
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        file.write(data)
        file.flush()
        with open_table(Path(file.name), score_header=score, encoding=encoding).rows() as rows:
            return list(rows)


def looks_like_rows(rows: list[list[str]]) -> bool:
    """Return whether a cell has as many delimiters as a row: then it may be taken for rows that were swallowed."""
    return any(cell.count(",") + cell.count(";") > 2 for row in rows for cell in row)


@pytest.mark.only_long
@settings(max_examples=300)
@given(rows=ROWS, quoting=QUOTING, delimiter=st.sampled_from(",;\t|"))
def test_whole_tables_are_read_back(rows: list[list[str]], quoting: bool, delimiter: str) -> None:
    assume(not looks_like_rows(rows))
    found = read(write(rows, quoting, delimiter).encode())
    assert [(row.cells, row.damage) for row in found] == [(row, "") for row in rows]


@pytest.mark.only_long
@given(
    data=st.binary(max_size=200) | st.text(max_size=200).map(str.encode) | WESTERN,
    encoded=st.sampled_from(["", "\ufeff"]),
    encoding=st.none() | st.sampled_from(ENCODINGS),
)
def test_any_bytes_are_read_or_refused_with_a_sentence(
    data: bytes, encoded: str, encoding: str | None
) -> None:
    for before in (b"", ",".join(HEADER).encode() + b"\n"):
        try:
            rows = read(encoded.encode() + before + data, encoding)
        except UnreadableFileError as error:
            assert str(error).endswith((".", ")"))  # noqa: PT017 - either outcome is right
        else:
            for row in rows:
                "".join(row.cells).encode()  # no lone surrogates
                assert len({len(other.cells) for other in rows}) == 1
