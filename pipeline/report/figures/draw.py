"""What all figures share: colours that most eyes tell apart, deterministic files, and SVG that follows the page.

Writes `<name>.svg` and `<name>.png` (paper quality, white), and gives the SVG for the page: transparent, with the
ink drawn in `currentColor`, so that it turns with the page's light or dark.
"""

import io
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

# Okabe and Ito (2008), "Color universal design", without black and yellow, which one of light and dark would swallow.
COLOURS = ("#7f8c99", "#e69f00", "#0093d8", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#a6761d")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
INK = "#010203"  # black on paper, `currentColor` on the page
_LEGEND_LINE = 0.21  # inches
_REM_AN_INCH = 8.0  # of the page: 9 points become a little more than the page's own letters
_STYLE: Any = {
    "svg.hashsalt": "frontload",
    "text.parse_math": False,  # a dollar in a name is a dollar
    "font.size": 9,
    "font.family": "DejaVu Sans",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "legend.frameon": False,
    "grid.color": "#7f8c99",
    "grid.alpha": 0.3,
    "grid.linewidth": 0.6,
}
styled = mpl.rc_context(_STYLE)  # decorates every figure's maker: matplotlib reads its style while drawing and saving


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A figure as the page holds it."""

    name: str
    svg: str
    caption: str
    alt: str  # what it shows, in words, for those who do not see it
    width: float  # rem: no wider on the page, where few cells would else be drawn as large as posters


def canvas(width: float, height: float, rows: int = 1, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure of so many inches with rows x columns panels, in reading order, that share no state."""
    figure = Figure(figsize=(width, height), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False)
    return figure, list(panels.ravel())


def marker_of(kind: int) -> str:
    """The marker of the n-th kind: where colours begin anew, another beside each colour."""
    return MARKERS[(kind + kind // len(COLOURS)) % len(MARKERS)]


def room_for(names: Iterable[str], points: float = 9.0) -> float:
    """Inches that the longest of these names takes, at a letter's usual width of 0.6 of its size."""
    return max(map(len, names), default=0) * 0.6 * points / 72


def ink_on(colour: Sequence[float]) -> str:
    """Black or white, whichever reads better on a colour: at least 4.5:1. colour: red, green, blue from 0 to 1."""
    return "#000000" if luminance(colour) > 0.179 else "#ffffff"


def luminance(colour: Sequence[float]) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2, glossary)."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def keep_readable(axes: Axes, values: Sequence[float], *, upwards: bool = False) -> None:
    """Let no interval make the scale useless: over two seeds it may be twenty times as wide as what it is about.

    values: what must be seen; upwards: they are on the y axis.
    """
    reach = 2.0 * max((abs(value) for value in values if not math.isnan(value)), default=0.0)
    low, high = axes.get_ylim() if upwards else axes.get_xlim()
    if reach > 0:
        limits = max(low, -reach), min(high, reach)
        axes.set_ylim(*limits) if upwards else axes.set_xlim(*limits)


def legend_below(figure: Figure, panels: Sequence[Axes]) -> None:
    """One legend below all panels, each name once; the figure grows by its lines after the first."""
    found = {label: handle for axes in panels for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    if found:
        across = int(figure.get_figwidth() / (0.6 + room_for(found)))
        columns = max(1, min(6, len(found), across))
        more = math.ceil(len(found) / columns) - 1  # lines, which panels should not pay for
        figure.set_figheight(figure.get_figheight() + _LEGEND_LINE * more)
        figure.legend(list(found.values()), list(found), loc="outside lower center", ncols=columns)


def save(figure: Figure, name: str, folder: Path, *, caption: str, alt: str) -> Drawing:
    """Write both files; return the drawing for the page."""
    paper = _svg(figure, "path", facecolor="white")
    (folder / f"{name}.svg").write_text(paper, encoding="utf-8")
    (folder / f"{name}.png").write_bytes(_png(figure))
    page = _svg(figure, "none", transparent=True)
    width = round(float(figure.get_figwidth()) * _REM_AN_INCH, 1)
    return Drawing(name=name, svg=_for_page(page, name), caption=caption, alt=alt, width=width)


def _png(figure: Figure) -> bytes:
    """At 160 dots an inch, in 256 colours of its own: a figure has a dozen and their edges, and takes a third."""
    whole, small = io.BytesIO(), io.BytesIO()
    figure.savefig(whole, format="png", dpi=160, facecolor="white", metadata={"Software": None})
    with Image.open(whole) as drawn:
        drawn.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(small, format="png", optimize=True)
    return small.getvalue()


def _svg(figure: Figure, letters: str, **options: Any) -> str:
    """letters: `path` draws them, so that the file looks alike everywhere; `none` leaves them text."""
    buffer = io.StringIO()
    with mpl.rc_context({"svg.fonttype": letters}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, **options)
    return buffer.getvalue()


def _for_page(svg: str, name: str) -> str:
    """Inline SVG: no prologue, as wide as its box, ids its own, ink in the page's colour."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", body, count=1)
    body = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", body, count=1)
    body = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", body)
    return body.replace(INK, "currentColor")
