"""Pictures of a report: volume, error ratio and latency by hour, as PNG with the same bytes wherever they are drawn.

Text in them comes from log lines (names of services): it is drawn as it stands, never as mathematics. matplotlib is
loaded when the first picture is drawn, and keeps its list of fonts in the folder that it is given.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logsight_assets.reports.numbers import HourNumbers, Numbers
from logsight_assets.reports.rows import Service
from logsight_assets.reports.wording import LONGEST_NAME, count, cut, duration, share
from logsight_assets.timeline import Hour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK, _GREY, _PAPER = "#24292f", "#8b949e", "#ffffff"
_EVENTS, _ERRORS = "#8fb8de", "#c0392b"
_LINES = (("#1f5fa8", "-"), ("#b35900", (0, (4, 1.5))), ("#3d7a3d", (0, (1, 1))))  # apart without their colours too
_INCHES, _DPI, _COLOURS = (5.0, 2.0), 200, 64
_LONGEST_LEGEND = 20  # two beside one another in a legend; the words below the picture say it whole
_LEGEND_SHARE = 0.84  # of the picture's width; what is left are the labels beside the axes
_DRAWN_SERVICES = 3


@dataclass(frozen=True)
class Picture:
    """A PNG, what it is called, and what it shows in words."""

    name: str
    title: str
    alt: str
    png: bytes
    width: int  # as it is meant to be shown, CSS pixels
    height: int


def pictures(numbers: Numbers, cache: Path) -> list[Picture]:
    """All pictures for which there is something to draw."""
    if not any(each.is_known for each in numbers.hours):
        return []
    drawn = [_volume(numbers, cache), _errors(numbers, cache)]
    return drawn + ([_latency(numbers, cache)] if numbers.slowest else [])


def _volume(numbers: Numbers, cache: Path) -> Picture:
    hours = numbers.hours
    most = max(hours, key=lambda each: (each.events, -each.hour.index))
    alt = f"Events by hour: {count(sum(each.events for each in hours))} in all, most at {_moment(numbers, most.hour)}"
    alt += f" ({count(most.events)})."
    with _canvas(cache) as (axes, done):
        _bars(axes, hours, [each.events for each in hours], _EVENTS, "events")
        _bars(axes, hours, [each.errors for each in hours], _ERRORS, "errors")
        if any(each.before is not None for each in hours):
            before = [each.before if each.before is not None else float("nan") for each in hours]
            axes.step(range(len(hours)), before, where="mid", color=_INK, linewidth=1, linestyle=(0, (3, 1.5)))
            axes.plot([], [], color=_INK, linewidth=1, linestyle=(0, (3, 1.5)), label=_other(numbers))
        _finish(axes, numbers, lambda value, _: count(int(value)), 3)
        return _picture("volume", "Events by hour", alt, done())


def _errors(numbers: Numbers, cache: Path) -> Picture:
    hours = numbers.hours
    ratios = [each.errors / each.events if each.events else 0.0 for each in hours]
    worst = max(range(len(hours)), key=lambda index: (ratios[index], -index))
    alt = f"Share of errors by hour: {share(ratios[worst])} at its highest, at {_moment(numbers, hours[worst].hour)}."
    with _canvas(cache) as (axes, done):
        _bars(axes, hours, ratios, _ERRORS, "errors among the events")
        _finish(axes, numbers, lambda value, _: f"{value * 100:.3g} %", 1)
        return _picture("errors", "Share of errors by hour", alt, done())


def _latency(numbers: Numbers, cache: Path) -> Picture:
    """The three services with the most durations."""
    chosen = sorted(numbers.slowest, key=lambda s: (-_durations(numbers, s), s))[:_DRAWN_SERVICES]
    highest = {service: max(numbers.slowest[service].values()) for service in chosen}
    told = ", ".join(
        f"{cut(numbers.names[service], LONGEST_NAME)} up to {duration(highest[service])}" for service in chosen
    )
    with _canvas(cache) as (axes, done):
        for service, (colour, style) in zip(chosen, _LINES, strict=False):
            by_hour: Mapping[Hour, int] = numbers.slowest[service]
            values = [by_hour.get(each.hour, float("nan")) for each in numbers.hours]
            axes.plot(
                range(len(values)), values, color=colour, linestyle=style, linewidth=1.6, marker=".", markersize=4
            )
            axes.plot([], [], color=colour, linestyle=style, linewidth=2, label=_drawable(numbers.names[service]))
        axes.set_yscale("log", subs=[])
        locator: Any = axes.yaxis.get_major_locator()
        locator.set_params(subs=(1, 2, 5))
        _finish(axes, numbers, lambda value, _: _tick(value), len(chosen))
        return _picture(
            "latency", "95 % of the durations took at most (p95), by hour", f"Latency by hour: {told}.", done()
        )


def _durations(numbers: Numbers, service: Service) -> int:
    return numbers.parts[service].whole.duration_count if service in numbers.parts else 0


# Drawing --------------------------------------------------------------------------------------------------------------


@contextmanager
def _canvas(cache: Path) -> Iterator[tuple[Axes, Any]]:
    """Empty axes, and what turns them into a PNG; nothing that the host has configured for matplotlib counts."""
    # Read when matplotlib is first loaded; else its font list would be written into the user's home.
    os.environ.setdefault("MPLCONFIGDIR", str(cache))
    import matplotlib as mpl  # noqa: PLC0415  half a second, and its fonts are listed in a file
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415

    own: Any = {"text.parse_math": False, "text.usetex": False, "font.family": ["DejaVu Sans"], "font.size": 9}
    with warnings.catch_warnings(), mpl.rc_context({**mpl.rcParamsDefault, **own}):
        # A character that the font lacks is drawn as a box.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        warnings.filterwarnings("ignore", category=mpl.MatplotlibDeprecationWarning)
        figure = Figure(figsize=_INCHES, dpi=_DPI, facecolor=_PAPER, layout="constrained")
        canvas: Any = FigureCanvasAgg(figure)

        def done() -> bytes:
            canvas.draw()
            drawn = Image.frombuffer("RGBA", canvas.get_width_height(), canvas.buffer_rgba()).convert("RGB")
            held = io.BytesIO()
            # A palette makes it a third as large; nothing tells of the program that drew it.
            drawn.quantize(_COLOURS, dither=Image.Dither.NONE).save(held, "PNG", optimize=True)
            return held.getvalue()

        yield figure.add_subplot(), done


def _bars(axes: Axes, hours: Sequence[HourNumbers], values: Sequence[float], colour: str, label: str) -> None:
    width = 0.82 if len(hours) <= 24 else 1.0
    axes.bar(range(len(hours)), values, width=width, color=colour, label=label, linewidth=0)


def _finish(axes: Axes, numbers: Numbers, formatter: Any, legends: int) -> None:
    """Axes, hours without data, legend."""
    hours = numbers.hours
    missing = _missing_spans(hours)
    for first, end in missing:
        axes.axvspan(first - 0.5, end - 0.5, facecolor="#eeeeee", edgecolor="#c9c9c9", hatch="////", linewidth=0)
    if missing:
        axes.bar([0], [0], color="#eeeeee", edgecolor="#c9c9c9", hatch="////", linewidth=0, label="no data")
    step, form = (3, "%H:00") if len(hours) <= 24 else (24, "%a %d")
    at = range(0, len(hours), step)
    axes.set_xticks(list(at), [f"{hours[index].hour.start:{form}}" for index in at])
    axes.set_xlim(-0.5, len(hours) - 0.5)
    if axes.get_yscale() == "linear":
        axes.set_ylim(bottom=0)
        axes.locator_params(axis="y", nbins=5)
    axes.yaxis.set_major_formatter(formatter)
    axes.tick_params(colors=_INK, labelcolor=_INK, length=2)
    axes.grid(axis="y", color="#e3e6ea", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_GREY)
    _legend(axes, legends + bool(missing))


def _legend(axes: Axes, entries: int) -> None:
    """Above the axes, in as many columns as fit: one wider than the picture would squeeze the axes into a corner."""
    for columns in range(entries, 0, -1):
        legend = axes.legend(
            loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, frameon=False, borderaxespad=0.2, handlelength=1.4
        )
        if legend.get_window_extent().width <= _LEGEND_SHARE * _INCHES[0] * _DPI:
            return


def _missing_spans(hours: Sequence[HourNumbers]) -> list[tuple[int, int]]:
    """Runs of hours without data as (first, end) places."""
    found: list[tuple[int, int]] = []
    for index, each in enumerate(hours):
        if each.is_known:
            continue
        if found and found[-1][1] == index:
            found[-1] = (found[-1][0], index + 1)
        else:
            found.append((index, index + 1))
    return found


def _picture(name: str, title: str, alt: str, png: bytes) -> Picture:
    return Picture(name, title, alt, png, round(_INCHES[0] * 100), round(_INCHES[1] * 100))


def _drawable(name: str) -> str:
    """A name as a picture can show it; one that begins with `_` would be left out of a legend."""
    shown = cut(name, _LONGEST_LEGEND)
    return "\u200a" + shown if shown.startswith("_") else shown


def _tick(ns: float) -> str:
    """A round duration as `100 ms`, `2 s`."""
    return duration(round(ns)).replace(".00", "").replace(".0", "") if ns >= 1 else ""


def _other(numbers: Numbers) -> str:
    return "the day before" if numbers.period.kind == "daily" else "the week before"


def _moment(numbers: Numbers, hour: Hour) -> str:
    return f"{hour.start:%H:00}" if numbers.period.kind == "daily" else f"{hour.start:%A, %H:00}"
