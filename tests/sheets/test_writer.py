"""Writing CSV files: they are whole or not there, private if personal, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import stat
from pathlib import Path

import pytest

from storefront.sheets import writer
from storefront.sheets.cells import unescape_formula
from storefront.sheets.writer import UnwritableFileError, open_csv


def test_written_cells_are_read_back_unchanged(tmp_path: Path) -> None:
    cells = ["a", "", 'say "hi"', "a,b", "two\nlines", "lone\rreturn", "é茶", "-12.5", "'quoted", "\nfirst"]
    with open_csv(tmp_path / "x.csv") as out:
        out.write_row(cells)
        out.write_row([None])
        out.write_row([7, 1.5])
    with (tmp_path / "x.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert [[unescape_formula(cell) for cell in row] for row in rows] == [cells, [""], ["7", "1.5"]]
    assert (out.rows, (tmp_path / "x.csv").read_bytes().count(b"\r\n")) == (3, 0)


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_formula_cells_are_neutralised(tmp_path: Path, sign: str) -> None:
    with open_csv(tmp_path / "x.csv") as out:
        out.write_row([f"{sign}cmd|' /C calc'!A0"])
    with (tmp_path / "x.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.reader(file)
    assert row == [f"'{sign}cmd|' /C calc'!A0"]


@pytest.mark.parametrize(("personal", "mode"), [(False, 0o644), (True, 0o600)])
def test_a_file_of_personal_data_is_private(tmp_path: Path, personal: bool, mode: int) -> None:
    path = tmp_path / "x.csv"
    path.touch(0o666)
    with open_csv(path, personal=personal) as out:
        out.write_row(["a"])
        (draft,) = tmp_path.glob(".x.csv.*")
        assert stat.S_IMODE(draft.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_an_older_file_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("old\n")

    def write() -> None:
        with open_csv(path) as out:
            out.write_row(["new"])
            assert path.read_text() == "old\n"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert (path.read_text(), list(tmp_path.iterdir())) == ("old\n", [path])


def test_a_link_and_a_device_are_kept(tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "x.csv")
    (tmp_path / "null").symlink_to("/dev/null")
    for name in ("link.csv", "null"):
        with open_csv(tmp_path / name) as out:
            out.write_row(["a"])
    assert ((tmp_path / "link.csv").is_symlink(), (tmp_path / "x.csv").read_text()) == (True, "a\n")
    assert Path("/dev/null").is_char_device()


def test_places_that_cannot_be_written_are_explained(tmp_path: Path) -> None:
    for path, reason in (
        (tmp_path, "is a folder. Name a file in it."),
        (tmp_path / "no" / "x.csv", f"There is no folder {tmp_path / 'no'}."),
        (Path("/proc/x.csv"), "Cannot write /proc/x.csv: "),
        (Path("/dev/full"), "Cannot write /dev/full: No space left on device."),
    ):
        with pytest.raises(UnwritableFileError) as caught, open_csv(path) as out:
            out.write_row(["a"])
        assert reason in str(caught.value)


def test_a_dash_is_the_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    with open_csv(writer.STANDARD_OUTPUT) as out:
        out.write_row(["a", "=b"])
    assert capsys.readouterr().out == "a,'=b\n"
