"""Charts of staff pages: scale, gaps and stacked areas."""

from __future__ import annotations

from storefront.web.charts import draw_areas, draw_lines


def test_line_keeps_its_height_where_there_is_no_value() -> None:
    drawn = draw_lines("T", "ms", {"a": [None, 5, None, 13], "b": [0, 0, 0, 0]})
    assert drawn.top == 20
    assert drawn.series[0].points == "0.0,90.0 200.0,90.0 400.0,90.0 600.0,42.0"
    assert drawn.series[0].last == 13
    assert draw_lines("T", "%", {"a": [50]}, top=100).series[0].points == "0.0,60.0"


def test_upper_area_is_stacked_on_the_lower_one() -> None:
    drawn = draw_areas("T", "a minute", {"upper": [1, 3], "lower": [1, 2]})
    assert (drawn.stacked, drawn.top) == (True, 5)
    assert drawn.series[0].points == "0,120 0.0,72.0 600.0,0.0 600,120"
    assert drawn.series[1].points == "0,120 0.0,96.0 600.0,72.0 600,120"
    assert [series.last for series in drawn.series] == [3, 2]


def test_chart_of_no_values_has_a_scale() -> None:
    assert draw_areas("T", "a minute", {"upper": [], "lower": []}).top > 0
    assert draw_lines("T", "ms", {}).top > 0
