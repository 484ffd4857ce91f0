"""Bars: what was asked of each mix against what the model saw, and what each arm cost."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes

from pipeline.report.figures.draw import COLOURS, INK, Drawing, canvas, legend_below, room_for, save, styled
from pipeline.report.frames import records

MOST = 40  # rows; more would not be read


@styled
def mix_bars(frame: pd.DataFrame, folder: Path) -> Drawing | None:
    """Obtained shares as bars, asked ones as marks. frame: `corpora.mixes`; the first seed only."""
    first = frame[frame["seed"] == frame["seed"].min()] if len(frame) else frame
    lines = list(dict.fromkeys(first["line"]))
    if not lines or len(lines) > MOST:
        return None
    figure, (axes,) = canvas(max(7.6, 5.5 + room_for(lines)), 1.1 + 0.26 * len(lines))
    corpora = list(dict.fromkeys(first["corpus"]))
    for place, line in enumerate(lines):
        left = asked = 0.0
        for record in records(first[first["line"] == line]):
            colour, share = COLOURS[corpora.index(record["corpus"]) % len(COLOURS)], 100 * record["obtained_share"]
            axes.barh(place, share, left=left, height=0.62, color=colour, label=record["corpus"])
            left += share
            asked += 100 * record["asked_share"]
            axes.plot([asked, asked], [place - 0.45, place + 0.45], color=INK, linewidth=1.4)
    suffix = f"-s{first['seed'].min()}"  # one seed is drawn, so that it need not be said in each line
    _rows(axes, [line.removesuffix(suffix) for line in lines], "percent of the budget")
    axes.set_xlim(0, 100.4)
    legend_below(figure, [axes])
    caption = "What each model saw, in percent of its budget (bars), and where the asked shares end (black marks)."
    alt = f"{len(lines)} bars of obtained shares by corpus, with marks at the asked ones; the table holds the numbers."
    return save(figure, "mixes", folder, caption=caption, alt=alt)


@styled
def cost_bars(frame: pd.DataFrame, folder: Path) -> Drawing | None:
    """FLOPs and minutes of each arm by stage, mean over seeds. frame: `cost.cost_of_arms`."""
    arms = list(dict.fromkeys(frame["arm"]))
    if not arms or len(arms) > MOST:
        return None
    figure, panels = canvas(max(9.0, 7.0 + room_for(arms)), 1.1 + 0.24 * len(arms), 1, 2)
    for axes, (count, unit, label) in zip(panels, _scales(frame), strict=True):
        _stacked(axes, frame, arms, count, unit)
        _rows(axes, arms, label)
    panels[1].set_yticks([])
    legend_below(figure, panels)
    caption = "What each arm cost, every stage it needs counted: FLOPs and minutes, mean over seeds."
    return save(
        figure, "cost", folder, caption=caption, alt=f"Stacked bars for {len(arms)} arms; numbers in the table."
    )


def _scales(frame: pd.DataFrame) -> Sequence[tuple[str, float, str]]:
    """(column, unit, label): FLOPs in the power of thousand that reads best."""
    most = float(frame.groupby("arm")["flops"].sum().max())
    power = max((power for power in range(0, 28, 3) if most >= 10.0**power), default=0)
    return (("flops", 10.0**power, f"10^{power} FLOPs" if power else "FLOPs"), ("seconds", 60.0, "minutes"))


def _stacked(axes: Axes, frame: pd.DataFrame, arms: list[str], count: str, unit: float) -> None:
    parts = list(dict.fromkeys(frame["part"]))
    values = {(r["arm"], r["part"]): r[count] / unit for r in records(frame)}
    left = [0.0] * len(arms)
    for part in parts:
        widths = [values.get((arm, part), 0.0) for arm in arms]
        colour = COLOURS[parts.index(part) % len(COLOURS)]
        axes.barh(range(len(arms)), widths, left=left, height=0.66, color=colour, label=part)
        left = [start + width for start, width in zip(left, widths, strict=True)]


def _rows(axes: Axes, names: list[str], label: str) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlabel(label)
    axes.grid(visible=True, axis="x")
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
