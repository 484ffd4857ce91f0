"""The sweep in a handful of numbers: what stands under the page's title."""

from pipeline.core.duration import format_count
from pipeline.report.material import Material


def facts(material: Material) -> list[tuple[str, str]]:
    """(number, what it counts), at most five."""
    results = material.results
    seeds = sorted({arm.seed for arm in results})
    stages = {stage.folder: stage for arm in results for stage in arm.stages.values()}
    problems = material.scores[material.scores["kind"] == "greedy"] if len(material.scores) else material.scores
    flops = sum(stage.ledger.flops for stage in stages.values())
    hours = sum(stage.wall_seconds for stage in stages.values()) / 3600
    num_arms = len({arm.name for arm in results})
    counts = [
        (str(num_arms), "arm" if num_arms == 1 else "arms"),
        (str(len(seeds)), f"seed{'s' * (len(seeds) != 1)} ({_listed(seeds)})" if seeds else "seeds"),
        (f"{len(problems):,}", "answers scored"),
        (format_count(flops) if flops < 1e15 else f"{flops:.1e}", "FLOPs"),
        (f"{hours:.1f} h" if hours >= 1 else f"{60 * hours:.0f} min", "of computing"),
    ]
    return counts if results else counts[:2]


def _listed(seeds: list[int]) -> str:
    """A few by name, many by their ends."""
    return ", ".join(map(str, seeds)) if len(seeds) <= 4 else f"{seeds[0]} to {seeds[-1]}"
