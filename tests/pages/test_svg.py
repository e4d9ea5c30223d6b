"""The charts: their geometry against plain arithmetic, and what happens at the edges."""

import itertools
import re
import xml.etree.ElementTree as ET

import pytest

from wellspring.pages.svg import (
    Point,
    Segment,
    Tick,
    bar,
    histogram,
    nice_ticks,
    stacked_bar,
    swatch,
    time_series,
)


def point(x: float = 0.5, y: float = 1.0, **changes: object) -> Point:
    fields = {"low": None, "high": None, "limit": None, "mark": "passed", "tooltip": "a batch"} | changes
    return Point(x=x, y=y, **fields)  # type: ignore[arg-type]


def percentages(svg: str, attribute: str, element: str) -> list[float]:
    return [float(e.get(attribute, "").rstrip("%")) for e in ET.fromstring(svg).iter(element)]


def test_stacked_bar_is_cut_in_proportion() -> None:
    svg = stacked_bar(
        [Segment("a", "c-a", (30,)), Segment("b", "c-b", (10,)), Segment("c", "c-c", (0,))], "t", "d"
    )
    assert percentages(svg, "width", "rect") == [75, 25]
    assert percentages(svg, "x", "rect") == [0, 75]


def test_stacked_bar_of_nothing_is_a_frame() -> None:
    assert percentages(stacked_bar([Segment("a", "c-a", (0,))], "t", "d"), "width", "rect") == [100]


@pytest.mark.parametrize(("share", "width"), [(-1.0, 0), (0.25, 25), (7.0, 100)])
def test_bar_stays_in_its_cell(share: float, width: float) -> None:
    assert percentages(bar(share), "width", "rect") == [width]


def test_histogram_steps_are_proportional_to_the_shares() -> None:
    svg = histogram([0, 1, 10, 100], [Segment("a", "c-a", [0.5, 0.25, 0.0])], "t", "d")
    path = next(ET.fromstring(svg).iter("path")).get("d", "")
    base = float(path.split("V")[0].split()[-1])
    first, second, third, last = (base - float(y) for y in re.findall(r"V([\d.]+)", path))
    assert first == pytest.approx(2 * second, abs=0.02)
    assert (third, last) == (0, 0)


def test_histogram_refuses_values_that_do_not_fit_the_bins() -> None:
    with pytest.raises(ValueError, match="2 values for 1 bins"):
        histogram([0, 1], [Segment("a", "c-a", [0.5, 0.5])], "t", "d")


def test_histogram_of_nothing_is_drawn() -> None:
    ET.fromstring(histogram([], [], "t", "d"))


def test_points_stand_in_the_order_of_their_values() -> None:
    points = [point(x=i / 10, y=y) for i, y in enumerate((3.0, 1.0, 2.0))]
    circles = list(ET.fromstring(time_series(points, [], "t", "d")).iter("circle"))
    heights = [float(circle.get("cy", "")) for circle in circles]
    assert heights[0] < heights[2] < heights[1]  # y grows downwards
    assert heights[2] == pytest.approx((heights[0] + heights[1]) / 2, abs=0.02)
    xs = [float(circle.get("cx", "").rstrip("%")) for circle in circles]
    assert xs[1] - xs[0] == pytest.approx(xs[2] - xs[1], abs=0.02)


def test_one_limit_is_a_line_and_several_are_segments() -> None:
    one = time_series([point(limit=0.5), point(limit=0.5)], [], "t", "d", limit_name="floor")
    two = time_series([point(limit=0.5), point(limit=0.7)], [], "t", "d", limit_name="floor")
    assert one.count('class="limit"') == 1
    assert "floor 0.5" in one
    assert two.count('class="limit"') == 2
    assert "floor" not in two


def test_the_interval_spans_its_point() -> None:
    root = ET.fromstring(time_series([point(y=1.0, low=0.8, high=1.1)], [], "t", "d"))
    interval = next(e for e in root.iter("line") if e.get("class") == "interval")
    circle = next(root.iter("circle"))
    assert float(interval.get("y1", "")) < float(circle.get("cy", "")) < float(interval.get("y2", ""))
    assert interval.get("x1") == circle.get("cx")


@pytest.mark.parametrize(("low", "high"), [(-1250.0, -480.0), (-0.00021, -0.00012), (0.0, 1.0), (-2e9, 1e9)])
def test_on_the_narrowest_screen_the_axis_keeps_its_minus_sign(low: float, high: float) -> None:
    points = [point(x=0.0, y=low), point(x=1.0, y=high)]
    root = ET.fromstring(time_series(points, [Tick(1, "end")], "t", "d", divider=0.5))
    group = root.find("g")
    moved = 0.0 if group is None else float(re.findall(r"[\d.]+", group.get("transform", ""))[0])

    def pixels(percent: str) -> float:
        return moved + 280 * float(percent.rstrip("%")) / 100

    labels = [each for each in root.iter("text") if each.get("text-anchor") == "end"]
    assert any((label.text or "").startswith("-") for label in labels) == (low < 0)
    assert all(pixels(label.get("x", "")) - 6 * len(label.text or "") >= 0 for label in labels)
    first, last = (pixels(circle.get("cx", "")) for circle in root.iter("circle"))
    assert first < last <= 280


def test_an_axis_begins_at_its_base_where_nothing_lies_below() -> None:
    def lowest(ys: tuple[float, ...], base: float | None) -> float:
        svg = ET.fromstring(time_series([point(y=y) for y in ys], [], "t", "d", base=base))
        return min(float(e.text or "") for e in svg.iter("text") if e.get("text-anchor") == "end")

    assert lowest((5.0, 7.0), 0) == 0
    assert lowest((5.0, 7.0), None) >= 4.5
    assert lowest((-3.0, 7.0), 0) < 0


def test_flagged_points_have_another_shape_and_lie_on_top() -> None:
    svg = time_series([point(mark="flagged"), point(), point(mark="open")], [], "t", "d")
    assert svg.count("flagged-mark") == 1
    assert svg.count("<circle") == 2
    assert svg.index("flagged-mark") > svg.rindex("<circle")


def test_a_time_series_without_points_is_drawn() -> None:
    ET.fromstring(time_series([], [Tick(0.5, "no date")], "t", "d", divider=0.9))


@pytest.mark.parametrize("y", [0.0, -3.0, 1e-9, 1e9])
def test_a_single_value_gets_an_axis(y: float) -> None:
    heights = percentages(time_series([point(y=y)], [], "t", "d"), "cy", "circle")
    assert 0 < heights[0] < 230


@pytest.mark.parametrize(("low", "high"), [(0, 1), (2.17, 2.31), (-4, 900), (1e-7, 3e-7), (8.1, 11.9)])
def test_ticks_are_round_inside_and_told_apart(low: float, high: float) -> None:
    ticks = nice_ticks(low, high)
    assert 3 <= len(ticks) <= 8
    assert all(low - 1e-9 <= value <= high + 1e-9 for value, _ in ticks)
    assert all(float(label) == pytest.approx(value, abs=1e-12) for value, label in ticks)
    steps = {f"{b - a:.3g}" for (a, _), (b, _) in itertools.pairwise(ticks)}
    assert len(steps) == 1
    assert steps.pop().replace("0", "").replace(".", "")[0] in "125"


@pytest.mark.parametrize("mark", ["passed", "flagged", "open", "limit", "c-other"])
def test_every_key_of_a_legend_is_one_svg(mark: str) -> None:
    assert ET.fromstring(swatch(mark)).tag == "svg"


def test_text_in_a_chart_is_escaped() -> None:
    hostile = '"><script>alert(1)</script>'
    charts = [
        stacked_bar([Segment(hostile, hostile, (1,))], hostile, hostile),
        histogram([0, 1], [Segment(hostile, hostile, [1.0])], hostile, hostile),
        time_series(
            [point(tooltip=hostile, limit=1.0)], [Tick(0.5, hostile)], hostile, hostile, limit_name=hostile
        ),
    ]
    for chart in charts:
        tags = {element.tag for element in ET.fromstring(chart).iter()}
        assert "script" not in tags
        assert next(ET.fromstring(chart).iter("title")).text == hostile
