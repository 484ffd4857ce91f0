"""The pretrain x SFT grid as a heat map, its numbers written in the tiles."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from pipeline.report.balance import uneven
from pipeline.report.checkpoints import Checkpoint, column_title, columns_of, points_of, rows_of
from pipeline.report.figures.draw import INK, Drawing, canvas, ink_on, room_for, save, styled
from pipeline.report.frames import records

_MAP = mpl.colormaps["viridis"]  # even in lightness for every kind of colour vision


@styled
def heat_map(models: Sequence[Checkpoint], cells: pd.DataFrame, folder: Path) -> Drawing | None:
    """Accuracy of every cell. cells: the `grid` rows of one metric; None where nothing has scores."""
    built = records(cells[cells["mean"].notna()])
    means = {(r["pretrain"], r["sft"]): r["mean"] for r in built}
    if not means:
        return None
    rows, columns = rows_of(models), columns_of(models)
    left = max(1.6, 0.7 + room_for(rows))
    figure, (axes,) = canvas(left + 1.05 * len(columns), 0.9 + 0.55 * len(rows))
    highest = max(*means.values(), 1.0)
    note = uneven(cells["seeds"])
    counts = {(r["pretrain"], r["sft"]): f"\nn = {r['seeds']}" for r in built} if note else {}
    for point in points_of(models):
        place = columns.index(point[1]), rows.index(point[0])
        _tile(axes, place, means.get(point), highest, counts.get(point, ""))
    axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))
    axes.set_xticks(range(len(columns)), [fill(column_title(column), 14) for column in columns])
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_ylabel("pretraining")
    best = max(means, key=lambda point: means[point])
    return save(
        figure,
        "grid",
        folder,
        caption=f"Accuracy (%) of every cell; empty: not in this sweep, dashed: not built yet.{note}",
        alt=f"Heat map of accuracy; highest {means[best]:.1f} % for {best[0]} with {best[1]}.",
    )


def _tile(axes: Axes, place: tuple[int, int], mean: float | None, highest: float, more: str) -> None:
    x, y = place
    if mean is None:
        tile = Rectangle((x - 0.46, y - 0.44), 0.92, 0.88, fill=False, edgecolor="#7f8c99", linestyle="--")
        axes.add_patch(tile)
        axes.text(x, y, "-", ha="center", va="center", color=INK)
        return
    colour = _MAP(mean / highest)
    axes.add_patch(Rectangle((x - 0.46, y - 0.44), 0.92, 0.88, facecolor=colour, edgecolor="none"))
    text = f"{mean:.1f}{more}"
    axes.text(x, y, text, ha="center", va="center", linespacing=1.1, color=ink_on(colour))
