"""Opening a file with rows and columns: its encoding, delimiter and header, and the rows that are damaged."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from storefront.sheets.errors import UnreadableFileError
from storefront.sheets.table import SheetRow, Table, open_table
from tests.work import growth

HEADER = ["Handle", "Title", "Body", "Size", "SKU", "Qty", "Price", "Tags"]


def score(cells: Sequence[str]) -> int:
    return len(set(cells) & set(HEADER))


def read(path: Path, data: str | bytes, encoding: str | None = None) -> tuple[Table, list[SheetRow]]:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    table = open_table(path, score_header=score, encoding=encoding)
    with table.rows() as rows:
        return table, list(rows)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "x.csv"


def written(rows: list[list[str]], delimiter: str = ",", end: str = "\n") -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows([HEADER, *rows])
    return text.getvalue()


ROWS = [
    ["lamp", "Lamp", '<p>Tall, warm\nand "quiet"</p>\n', "S", "L-S", "4", "30.00", ""],
    ["lamp", "", "", 'M 5"', "L-M", "6", "30.00", "a;b|c\td"],
]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_each_delimiter_and_line_end_is_read(file: Path, delimiter: str, end: str) -> None:
    table, rows = read(file, written(ROWS, delimiter, end))
    assert (table.delimiter, table.header, table.notes) == (delimiter, HEADER, [])
    assert [(row.line, row.cells, row.damage) for row in rows] == [(2, ROWS[0], ""), (5, ROWS[1], "")]


@pytest.mark.parametrize(
    ("codec", "bom", "name"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", b"\xef\xbb\xbf", "utf-8-sig"),
        ("utf-16-le", b"\xff\xfe", "utf-16"),
        ("utf-16-be", b"\xfe\xff", "utf-16"),
        ("utf-16-le", b"", "utf-16-le"),
        ("utf-16-be", b"", "utf-16-be"),
        ("utf-32-le", b"\xff\xfe\0\0", "utf-32"),
    ],
)
def test_unicode_is_recognised(file: Path, codec: str, bom: bytes, name: str) -> None:
    text = written([["lamp", "Lampe für 2 – schön", "", "", "", "", "1", "x"]])
    table, rows = read(file, bom + text.encode(codec))
    assert (table.encoding, rows[0].cells[1]) == (name, "Lampe für 2 – schön")


@pytest.mark.parametrize(
    "first", ["sep=;\n", '"sep=;"\r\n', "\ufeffsep=;\r\n", "\n\n", ";;;\n \n", "Export of 1 May\n\n"]
)
def test_lines_above_the_header_are_left_out(file: Path, first: str) -> None:
    table, rows = read(file, first + written(ROWS, ";"))
    assert (table.delimiter, table.header, rows[0].cells) == (";", HEADER, ROWS[0])
    assert rows[0].line == 2 + first.count("\n")
    assert bool(table.notes) == first.startswith("Export")


def test_a_separator_line_names_any_delimiter(file: Path) -> None:
    assert read(file, "sep=^\n" + written(ROWS, "^"))[1][1].cells == ROWS[1]
    assert read(file, "sep=\t\n" + written(ROWS, "\t"))[1][1].cells == ROWS[1]


def test_a_damaged_byte_damages_its_row_alone(file: Path) -> None:
    data = written(
        [["a", "Schüssel", *[""] * 5, "x"], ["b", "CafE cup", *[""] * 5, "x"], ["c", "–", *[""] * 5, "x"]]
    )
    table, rows = read(file, data.encode().replace(b"CafE", b"Caf\xe9"))
    assert table.encoding == "utf-8"
    assert [(row.line, row.cells[1], bool(row.damage)) for row in rows] == [
        (2, "Schüssel", False),
        (3, "Caf\ufffd cup", True),
        (4, "–", False),
    ]
    assert rows[1].damage == "is not UTF-8: it has the byte E9 after 'b\\tCaf'"


WESTERN = {
    "German": "Größe für Füße, weiß, Käse, „Äpfel“ – Müller’s Öl, 5 €",
    "French": "théâtre créée l’été « à côté » cœur Œuvre naïve Noël n° 5",
    "Portuguese": "ações, não, coleção, maçã “MAÇÔ pão",
    "Spanish": "España niño ¿Qué? ¡Hola! camión 1ª Mª",
    "Finnish": "hääyöaie työ äiti öljy Ääni",
    "Danish": "Blåbærgrød på ø, æble, smørrebrød",
    "Icelandic": "Þetta er það, góður dagur, Ísland, ýmislegt, ö",
    "signs": "Nike™ Pro® 30° ½ cup · 5µm 20×30 cm",
    "one word": "Café",
}


@pytest.mark.parametrize("text", WESTERN.values(), ids=WESTERN)
def test_western_text_is_read_as_windows_1252(file: Path, text: str) -> None:
    table, rows = read(file, written([["a", text, *[""] * 5, "x"]]).encode("cp1252"))
    assert (table.encoding, rows[0].cells[1]) == ("cp1252", text)
    assert table.notes == ["The file is not UTF-8; it was read as Windows-1252."]


@pytest.mark.parametrize("byte", [b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d"])
def test_a_byte_windows_1252_lacks_damages_its_row_alone(file: Path, byte: bytes) -> None:
    texts = ["Größe", "für", "Käse", "Öl", "schön", "weiß", "Füße", "süß", "cup @", "Äpfel", "Nüsse"]
    data = written([[f"h{place}", text, *[""] * 5, "x"] for place, text in enumerate(texts)])
    table, rows = read(file, data.encode("cp1252").replace(b"@", byte))
    assert [row.cells[1] for row in rows] == [text.replace("@", "\ufffd") for text in texts]
    reason = f"is not Windows-1252: it has the byte {byte.hex().upper()} after 'h8\\tcup '"
    assert (table.encoding, damages(rows)) == ("cp1252", {10: reason})
    with pytest.raises(UnreadableFileError, match="is not cp1252: it has other bytes at or after line 1"):
        read(file, data.encode("cp1252").replace(b"@", byte), "cp1252")


def test_a_header_with_a_byte_windows_1252_lacks_is_refused(file: Path) -> None:
    data = b"\x89\x89\x9d\x9a\xa9\0\x9a\xa9\0\xb9\xc0\0\xc0"
    with pytest.raises(UnreadableFileError, match=r"cannot be read: it is not Windows-1252.*--encoding\.$"):
        read(file, data)


FOREIGN = [
    ("cp1251", "Чашка большая"),
    ("gb18030", "中文茶碗 大号"),
    ("shift_jis", "茶碗 カップ おおきい"),
    ("shift_jis", "カップ"),
    ("mac_roman", "Größe für Füße, Käse"),
    ("mac_roman", "Café crème"),
    ("mac_roman", "schön"),
    ("mac_roman", "Cup – it’s “nice”"),
    ("cp850", "Größe für Käse"),
    ("cp1250", "żółty złoty"),
    ("cp1250", "příliš žluťoučký kůň"),
    ("cp1254", "Türk çay bardağı"),
    ("cp1253", "Καλημέρα κόσμε"),
]


@pytest.mark.parametrize(("encoding", "text"), FOREIGN, ids=lambda value: value)
def test_other_encodings_are_asked_for_not_guessed(file: Path, encoding: str, text: str) -> None:
    data = written([["a", text, *[""] * 5, "x"], ["b", "plain", *[""] * 5, "x"]]).encode(encoding)
    with pytest.raises(UnreadableFileError, match="is not UTF-8") as caught:
        read(file, data)
    assert f"--encoding {encoding} reads " in str(caught.value)
    table, rows = read(file, data, encoding)
    assert (rows[0].cells[1], table.notes) == (text, [])


@pytest.mark.parametrize("misread", ["cp1252", "latin-1", "mac_roman", "cp1251"])
@pytest.mark.parametrize("text", ["für", "Café – new", "2 × 3 °"])
def test_text_that_was_misread_before_is_refused(file: Path, text: str, misread: str) -> None:
    data = written([["a", text.encode().decode(misread), *[""] * 5, "x"]])
    with pytest.raises(
        UnreadableFileError, match=r"saved in a wrong encoding before: line 2 has .*--encoding"
    ):
        read(file, data)
    assert read(file, data, "utf-8")[1][0].damage == ""


def test_few_misread_lines_are_noted_and_kept(file: Path) -> None:
    rows = [[name, "schön", *[""] * 5, "x"] for name in "abc"] + [["d", "fÃ¼r", *[""] * 5, "x"]]
    table, found = read(file, written(rows))
    assert [row.damage for row in found] == [""] * 4
    assert table.notes == ["1 lines look misread ('fÃ¼r', first on line 5); they are kept as they stand."]


@pytest.mark.parametrize("name", ["klingon", "base64", "rot13", "idna", ""])
def test_a_name_of_no_encoding_is_explained(file: Path, name: str) -> None:
    if not name:
        assert read(file, written(ROWS), name)[0].encoding == "utf-8"
        return
    with pytest.raises(UnreadableFileError, match="Use a name such as utf-8"):
        read(file, written(ROWS), name)


def test_a_named_encoding_that_does_not_fit_is_refused(file: Path) -> None:
    data = written([["a", "ok", *[""] * 6], ["b", "Schüssel", *[""] * 6]])
    with pytest.raises(UnreadableFileError, match="is not ascii: it has other bytes at or after line"):
        read(file, data, "ascii")
    with pytest.raises(UnreadableFileError, match="is not shift_jis"):
        read(file, data.replace("ü", "é\x81").encode("cp1252", "replace") + b"\x81\n", "Shift-JIS")
    with pytest.raises(UnreadableFileError, match="is not utf-7"):
        read(file, written(ROWS).encode("utf-7") + b"+2AA-\n", "utf-7")  # half of a pair of surrogates


def damages(rows: list[SheetRow]) -> dict[int, str]:
    return {row.line: row.damage for row in rows if row.damage}


GOOD = "cup,Cup,,S,C-S,4,8.00,x\n"


def test_a_row_with_too_many_cells_is_damaged(file: Path) -> None:
    text = ",".join(HEADER) + "\nlamp,Lamp,<p>Tall, warm, and quiet</p>,S,L-S,4,30.00,x\n" + GOOD
    _, rows = read(file, text)
    assert damages(rows) == {
        2: "has 10 cells, but the header has 8: a cell that contains the delimiter ',' lacks its quotes"
    }
    assert (rows[0].cells[0], rows[1].cells[0]) == ("lamp", "cup")


def test_empty_cells_beyond_the_header_are_no_damage(file: Path) -> None:
    _, rows = read(file, ",".join(HEADER) + "\n" + GOOD.strip() + ",,, \n")
    assert (damages(rows), len(rows[0].cells)) == ({}, 8)


def test_a_moved_row_with_an_empty_last_cell_is_damaged(file: Path) -> None:
    moved = "lamp,Lamp,<p>Tall, warm</p>,S,L-S,4,30.00,\n"
    for rows in (GOOD + moved, moved + GOOD, GOOD + moved * 2, moved * 2 + GOOD):
        _, found = read(file, ",".join(HEADER) + "\n" + rows)
        assert [row.cells[0] for row in found if row.damage] == ["lamp"] * rows.count("lamp,")
    padded = GOOD.strip() + ",\n"
    _, found = read(file, ",".join(HEADER) + "\n" + GOOD + padded * 2)
    assert damages(found) == {}


@pytest.mark.parametrize(
    "row",
    [
        'lamp,Lamp,"<p>Tall, warm,S,L-S,4,30.00,x\n',
        'lamp,Lamp,"<p>Tall,S,L-S,4,30.00,x\n',
        'lamp,"Lamp,,S,L-S,4,30.00,x\n',
        '"lamp,Lamp,,S,L-S,4,30.00,x\n',
        'lamp,Lamp,,S,L-S,4,30.00,"x\n',
    ],
)
def test_an_unclosed_quote_damages_its_row_alone(file: Path, row: str) -> None:
    quoted = 'jar,Jar,"<p>two\nlines, ""so""</p>",S,J,1,2.00,x\n'
    for after in (GOOD * 3, GOOD + quoted + GOOD, quoted + GOOD, ""):
        _, rows = read(file, ",".join(HEADER) + "\n" + GOOD + row + after)
        assert list(damages(rows)) == [3]
        assert "not closed" in damages(rows)[3]
        assert rows[1].cells[0].startswith("lamp")
        assert [r.cells[0] for r in rows if not r.damage] == [
            "cup", *(line.split(",")[0] for line in after.splitlines() if not line.startswith("lines"))
        ]  # fmt: skip
        assert [r.line for r in rows] == sorted(r.line for r in rows)


def test_two_unclosed_quotes_do_not_hide_the_row_between(file: Path) -> None:
    bad = 'lamp,Lamp,"Tall,S,L-S,4,30.00,x\n'
    _, rows = read(file, ",".join(HEADER) + "\n" + bad + GOOD + bad + GOOD)
    assert list(damages(rows)) == [2, 4]


def test_a_cell_of_several_lines_without_its_end_is_damaged(file: Path) -> None:
    _, rows = read(file, ",".join(HEADER) + '\nlamp,Lamp,"<p>Tall\nand warm</p>,S,L-S,4,30.00,x\n' + GOOD * 2)
    assert list(damages(rows)) == [2, 3]
    assert [row.line for row in rows if not row.damage] == [4, 5]


def test_a_quote_that_is_not_doubled_is_damage(file: Path) -> None:
    _, rows = read(file, ",".join(HEADER) + '\nlamp,Lamp,"5" wide",S,L-S,4,30.00,x\n' + GOOD)
    assert damages(rows) == {2: "a quote within a quoted cell is not doubled"}


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_file_that_is_cut_off_is_never_read_silently(file: Path, cut: int) -> None:
    whole = written([*ROWS, ["jar", "Jar", "two\nlines", "S", "J-1", "7", "12.50", "glass"]])
    table, rows = read(file, whole[:-cut])
    assert damages(rows) or table.notes or rows[-1].cells[0] != "jar"
    assert [row.cells for row in rows[:2]] == ROWS


def test_rows_that_lack_only_empty_cells_are_whole(file: Path) -> None:
    numbers = "Handle,Title,Size,Price,Tags\na,A,S,1.00,x\na,,M,2.00\nb,B,,3.00\n"
    table, rows = read(file, numbers)
    assert (damages(rows), rows[1].cells) == ({}, ["a", "", "M", "2.00", ""])
    assert table.notes == ["2 rows are shorter than the header; the cells that they lack are empty."]
    pictures = "Handle,Title,Image,Price\n" + "a,A,1.png,1.00\n" + "a,,2.png\n" * 3
    assert damages(read(file, pictures)[1]) == {}
    excel = "Handle,Title,Size,Price,Tags,Note\na,A,S,1.00,,\n" + "a,,M,2.00\n" * 16 + "b,B,,3.00,x,y\n"
    assert damages(read(file, excel)[1]) == {}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (
            "cup,Cup,8.00",
            "has 3 cells, but the header has 4: it lacks the number that all rows have in column 4",
        ),
        ("cup,Cup", "it lacks the number"),
    ],
)
def test_a_row_that_lost_cells_is_damaged(file: Path, row: str, reason: str) -> None:
    _, rows = read(file, f"Handle,Title,SKU,Price\na,A,S,1.00\n{row}\nb,B,T,2.00\n")
    assert (list(damages(rows)), reason in damages(rows)[3]) == ([3], True)
    _, rows = read(file, "Handle,Title,SKU,Price,Tags\na,A,S,1.00,\ncup,Cup,8.00\nb,B,T,2.00,x\n")
    assert list(damages(rows)) == [3], "the file writes empty cells"


def test_a_line_break_without_quotes_damages_both_parts(file: Path) -> None:
    _, rows = read(file, written(ROWS[1:]) + "lamp,Lamp,<p>Tall\nand warm</p>,S,L-S,4,30.00,x\n" + GOOD)
    assert list(damages(rows)) == [3, 4]


@pytest.mark.parametrize("data", [b"", b"\n\n", b",,\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(file: Path, data: bytes) -> None:
    with pytest.raises(UnreadableFileError, match="is empty"):
        read(file, data)


def test_a_damaged_header_is_refused(file: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"header of .* cannot be read"):
        read(file, written(ROWS).replace("Title", '"Title'))
    with pytest.raises(UnreadableFileError, match="name the encoding"):
        read(file, written([["schön", *[""] * 7]] * 2).encode().replace(b"Title", b"Titl\xe9"))


HARD: dict[str, Callable[[int], str]] = {
    "rows": lambda n: GOOD * n,
    "lines in a cell": lambda n: 'a,A,"' + "x\n" * n + '",,,,1,\n',
    "unclosed quotes": lambda n: 'a,A,"x,S,C,4,1,\n' * n,
    "quotes that open and close": lambda n: 'a,A,"x,S,C,4,1,\na,A,x",S,C,4,1,\n' * n,
    "stray quotes": lambda n: 'a,A,"x"y"z,S,C,4,1,\n' * n,
    "an open quote in the first line": lambda n: 'a,A,"x\n' + "b,,,,,,,\n" * n,
    "delimiters": lambda n: "," * n + "\n",
    "quotes": lambda n: '"' * n + "\n",
    "bytes that are not UTF-8": lambda n: "ü\n" + "\udce9,\n" * n,
}


@pytest.mark.parametrize("make", HARD.values(), ids=HARD)
def test_reading_a_table_is_linear(file: Path, make: Callable[[int], str]) -> None:
    def run(n: int) -> object:
        return read(file, (",".join(HEADER) + "\n" + make(n)).encode("utf-8", "surrogateescape"))

    assert growth(run, 400) <= 5.0


def test_a_quote_before_a_row_does_not_swallow_the_next(file: Path) -> None:
    quoted = 'k1,,", é,aé",S,S-1,9,9.99,";;a\na"\n'
    _, rows = read(file, ",".join(HEADER) + '\n"' + GOOD + quoted + GOOD)
    assert list(damages(rows)) == [2]
    assert [row.cells[0] for row in rows] == ["cup", "k1", "cup"]
