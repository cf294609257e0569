"""Cells that say yes or no."""

from __future__ import annotations

import pytest

from storefront.sheets.flags import parse_flag


@pytest.mark.parametrize(
    "cell",
    ["TRUE", " yes ", "1", "x", "Wahr", "ja", "VRAI", "oui", "Sí", "sì", "да", "はい", "是", "ＴＲＵＥ"],
)
def test_yes_is_known_in_many_languages(cell: str) -> None:
    assert parse_flag(cell) is True


@pytest.mark.parametrize(
    "cell", ["FALSE", "no", "0", "Falsch", "nein", "FAUX", "non", "falso", "não", "нет", "いいえ", "否"]
)
def test_no_is_known_in_many_languages(cell: str) -> None:
    assert parse_flag(cell) is False


@pytest.mark.parametrize(
    "cell", ["", "  ", "maybe", "2", "-", "#N/A", "published", "truefalse", "x" * 10_000]
)
def test_another_word_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match=r"is empty|is neither yes nor no; write TRUE or FALSE"):
        parse_flag(cell)


def test_no_word_means_both() -> None:
    from storefront.sheets import flags

    assert not set(flags._YES) & set(flags._NO)
    assert len(flags._FLAGS) == len({flags._fold(word) for word in flags._YES + flags._NO})
