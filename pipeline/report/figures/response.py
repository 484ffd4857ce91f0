"""A setting that a sweep turns in steps against what came of it: one line a pair of mixes."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from pipeline.report.checkpoints import BEFORE, Checkpoint
from pipeline.report.figures.draw import COLOURS, MARKERS, Drawing, canvas, legend_below, save, styled
from pipeline.report.intervals import over_seeds
from pipeline.report.scores import ACCURACY, MODEL, problem_values

MIN_STEPS = 3  # fewer are no curve
COLUMNS = ["line", "x", "seed", "value"]


@styled
def response_lines(models: Sequence[Checkpoint], scores: pd.DataFrame, folder: Path) -> Drawing | None:
    """Accuracy of each arm's last checkpoint; None where no setting takes three values or more."""
    key = _turned(models)
    frame = _points(models, scores, key) if key else pd.DataFrame(columns=COLUMNS)
    if not key or frame["x"].nunique() < MIN_STEPS:
        return None
    figure, (axes,) = canvas(6.4, 3.6)
    for number, (name, line) in enumerate(frame.groupby("line", sort=False)):
        colour, marker = COLOURS[1 + number % (len(COLOURS) - 1)], MARKERS[number % len(MARKERS)]
        means = line.groupby("x")["value"].mean()
        axes.plot(
            means.index.to_numpy(float),
            means.to_numpy(float),
            color=colour,
            marker=marker,
            markersize=6,
            linewidth=1.6,
            label=str(name),
        )
        for x in means.index.to_numpy(float):
            ends = over_seeds(line.loc[line["x"] == x, "value"].to_numpy(dtype=float))
            axes.plot([x, x], [ends.low, ends.high], color=colour, linewidth=1, alpha=0.7)
    axes.set_xlabel(key)
    axes.set_ylabel("accuracy (%)")
    axes.grid(visible=True, axis="y")
    legend_below(figure, [axes])
    seeds = frame["seed"].nunique()
    caption = f"Accuracy at the end of training against {key}: means and 95 % intervals over {seeds} seeds."
    return save(figure, "response", folder, caption=caption, alt=_told(frame, key))


def _turned(models: Sequence[Checkpoint]) -> str:
    """The numeric setting with most values; empty where there is none."""
    values: dict[str, set[float]] = {}
    for model in models:
        for key, text in model.arm.overrides.items():
            if text.replace(".", "", 1).isdigit() and key != "replicate":
                values.setdefault(key, set()).add(float(text))
    return max(values, key=lambda key: len(values[key]), default="")


def _points(models: Sequence[Checkpoint], scores: pd.DataFrame, key: str) -> pd.DataFrame:
    """COLUMNS: one row an arm and seed, of its last checkpoint."""
    if scores.empty:
        return pd.DataFrame(columns=COLUMNS)
    means = problem_values(scores, ACCURACY).groupby(MODEL, sort=False)["value"].mean().to_dict()
    tuned = {id(model.arm) for model in models if model.sft != BEFORE}
    rows: list[tuple[str, float, int, float]] = []
    for model in models:
        value = means.get((model.pretrain, model.sft, model.seed))
        is_last = model.sft != BEFORE or (id(model.arm) not in tuned and "sft" not in model.arm.missing)
        if value is not None and is_last and key in model.arm.overrides:
            rows.append((_line_of(model, key), float(model.arm.overrides[key]), model.seed, value))
    return pd.DataFrame(rows, columns=COLUMNS).sort_values("x", kind="stable")


def _line_of(model: Checkpoint, key: str) -> str:
    """The arm less the setting: its mixes, and what else it sets."""
    others = [f"{name}={value}" for name, value in model.arm.overrides.items() if name != key]
    mixes = f"{model.arm.pretrain_mix} > {model.arm.sft_mix}"
    return f"{mixes} [{', '.join(others)}]" if others else mixes


def _told(frame: pd.DataFrame, key: str) -> str:
    parts = [
        f"{name}: " + ", ".join(f"{value:.1f} at {x:g}" for x, value in line.groupby("x")["value"].mean().items())
        for name, line in frame.groupby("line", sort=False)
    ]
    return f"Accuracy against {key}. {'; '.join(parts)}."
