"""How long the corpora's documents and traces are, and how many steps they take: one line a corpus."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from pipeline.report.figures.draw import COLOURS, MARKERS, Drawing, canvas, legend_below, save, styled

_PANELS = (("tokens a document", ("length",)), ("tokens a trace", ("depth", "trace_tokens")),
           ("steps a trace", ("depth", "steps")))  # fmt: skip


@styled
def corpus_histograms(cards: Mapping[str, Any], folder: Path) -> Drawing:
    """cards: corpus -> one side of its card. Shares, so that large and small corpora compare."""
    figure, panels = canvas(9.0, 2.9, columns=len(_PANELS))
    for axes, (title, path) in zip(panels, _PANELS, strict=True):
        for number, (corpus, card) in enumerate(cards.items()):
            _line(axes, corpus, number, _histogram(card, path))
        axes.set_title(title)
        axes.set_xscale("symlog", base=2, linthresh=1)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")  # powers would be formulas, which are not read
        axes.tick_params(axis="x", labelsize=7)
        axes.set_ylim(bottom=0)
        axes.grid(axis="y")
    panels[0].set_ylabel("share (%)")
    legend_below(figure, panels)
    return save(
        figure,
        "corpora",
        folder,
        caption="Lengths and steps after curation: share of documents, or of traces, in each power of two.",
        alt=f"Histograms of tokens a document, tokens a trace and steps a trace of {', '.join(cards)}.",
    )


def _histogram(card: Any, path: tuple[str, ...]) -> Mapping[str, int]:
    for key in path:
        card = card.get(key, {})
    return card.get("histogram", {})


def _line(axes: Axes, corpus: str, number: int, counts: Mapping[str, int]) -> None:
    """Nothing where the corpus has no traces."""
    total = sum(counts.values())
    if total:
        look: dict[str, Any] = {"color": COLOURS[number % len(COLOURS)], "marker": MARKERS[number % len(MARKERS)]}
        shares = [100 * count / total for count in counts.values()]
        axes.plot([int(start) for start in counts], shares, label=corpus, markersize=3, linewidth=1.2, **look)
