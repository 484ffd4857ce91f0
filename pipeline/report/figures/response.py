"""A setting that a sweep turns in steps against what came of it: one line a pair of mixes."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes

from pipeline.report.balance import left_out, whole_seeds
from pipeline.report.checkpoints import BEFORE, Checkpoint
from pipeline.report.figures.draw import COLOURS, MARKERS, Drawing, canvas, legend_below, save, styled
from pipeline.report.intervals import Interval, of_mean, over_seeds
from pipeline.report.scores import ACCURACY, MODEL, problem_values

MIN_STEPS = 3  # fewer are no curve
COLUMNS = ["line", "x", "seed", "value", "low", "high"]


@styled
def response_lines(models: Sequence[Checkpoint], scores: pd.DataFrame, folder: Path) -> Drawing | None:
    """Accuracy of each arm's last checkpoint; None where no setting takes three values or more.

    A line is drawn from the seeds that have all its points, so that it shows the setting and not which seeds are done.
    """
    key = _turned(models)
    found = _points(models, scores, key) if key else pd.DataFrame(columns=COLUMNS)
    if not key or found["x"].nunique() < MIN_STEPS:
        return None
    frame = pd.concat(
        [line[line["seed"].isin(whole_seeds(line, ["x"]))] for _, line in found.groupby("line", sort=False)]
    )
    figure, (axes,) = canvas(6.4, 3.6)
    counts = frame.groupby("line", sort=False)["seed"].nunique()
    for number, (name, line) in enumerate(frame.groupby("line", sort=False)):
        more = f" (n = {counts[name]})" if counts.nunique() > 1 else ""
        _line(axes, line, f"{name}{more}", number)
    axes.set_xlabel(key)
    axes.set_ylabel("accuracy (%)")
    axes.grid(visible=True, axis="y")
    legend_below(figure, [axes])
    caption = f"Accuracy at the end of training against {key}: {_over(counts)}."
    caption += left_out(found["seed"], sorted(set(frame["seed"])))
    return save(figure, "response", folder, caption=caption, alt=_told(frame, key))


def _line(axes: Axes, line: pd.DataFrame, name: str, number: int) -> None:
    colour, marker = COLOURS[1 + number % (len(COLOURS) - 1)], MARKERS[number % len(MARKERS)]
    means = line.groupby("x")["value"].mean()
    at, values = means.index.to_numpy(float), means.to_numpy(float)
    axes.plot(at, values, color=colour, marker=marker, markersize=6, linewidth=1.6, label=name)
    for x in at:
        ends = _ends(line[line["x"] == x])
        axes.plot([x, x], [ends.low, ends.high], color=colour, linewidth=1, alpha=0.7)


def _ends(point: pd.DataFrame) -> Interval:
    """Over problems with one seed, over seeds with several."""
    if len(point) == 1:
        return Interval(float(point["low"].iloc[0]), float(point["high"].iloc[0]))
    return over_seeds(point["value"].to_numpy(dtype=float))


def _over(counts: pd.Series) -> str:
    """What the points and their intervals are over. counts: seeds of each line."""
    fewest, most = counts.min(), counts.max()
    if most == 1:
        return "one seed, with 95 % intervals over problems"
    if fewest == most:
        return f"means and 95 % intervals over {most} seeds"
    one = " (with one: over problems)" if fewest == 1 else ""
    return f"means and 95 % intervals over {fewest} to {most} seeds, n beside each line{one}"


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
    problems = {key: each["value"] for key, each in problem_values(scores, ACCURACY).groupby(MODEL, sort=False)}
    tuned = {id(model.arm) for model in models if model.sft != BEFORE}
    rows: list[tuple[str, float, int, float, float, float]] = []
    for model in models:
        values = problems.get((model.pretrain, model.sft, model.seed))
        is_last = model.sft != BEFORE or (id(model.arm) not in tuned and "sft" not in model.arm.missing)
        if values is not None and is_last and key in model.arm.overrides:
            ends = of_mean(values.to_numpy(dtype=float), ACCURACY.scale)
            x = float(model.arm.overrides[key])
            rows.append((_line_of(model, key), x, model.seed, float(values.mean()), ends.low, ends.high))
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
