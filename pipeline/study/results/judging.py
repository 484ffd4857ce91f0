"""`stage=verdict` and `stage=power`: a sweep's claims, judged or planned for by what the store and git hold."""

from collections.abc import Sequence
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from pipeline.core.errors import UserError
from pipeline.core.ledger import Ledger
from pipeline.core.store import Artifact, Store, Wanted
from pipeline.core.track import Silent
from pipeline.study.config.schema import Study, Sweep
from pipeline.study.config.suggest import nearest
from pipeline.study.config.sweep import Point
from pipeline.study.place import open_store
from pipeline.study.results.claimed import check_claims
from pipeline.study.results.claims_age import age_of
from pipeline.study.results.measured import at_other_rates, at_seeds, measured
from pipeline.study.terminal import say
from pipeline.verdict.config import VERSION, Claims
from pipeline.verdict.results import Measured

Arm = tuple[Point, Study]


def write_verdicts(arms: Sequence[Arm], console: Console) -> None:
    """Judge the claims, print them and say where they lie. Raises UserError where there are none, or no results."""
    artifact = verdict_artifact(arms)
    if artifact is None:
        raise UserError(f"nothing of sweep '{_sweep(arms).name}' was evaluated yet; run it first, then stage=verdict")
    console.print(_table(artifact.folder))
    age = orjson.loads((artifact.folder / "claims.json").read_bytes())
    say(console, f"claims {age['hash'][:12]}: {age['says']}")
    say(console, f"verdicts: {artifact.folder / 'verdicts.parquet'}")


def verdict_artifact(arms: Sequence[Arm]) -> Artifact | None:
    """The verdicts on a sweep's claims from all that there is, built if need be; None where nothing was evaluated."""
    from pipeline.verdict.verdict import verdict

    sweep = _sweep(arms)
    check_claims(arms)
    results, pilots = _results(sweep, arms), _pilots(sweep, arms)
    if not results:
        return None
    claims = sweep.judged_by()
    store = open_store(arms[0][1].context)
    wanted = _wanted(claims, results, pilots, store)

    def judge(out: Path) -> Ledger:
        age = age_of(sweep.name, claims, [use.started_at for each in results for use in each.stages])
        (out / "claims.json").write_bytes(orjson.dumps(age, option=orjson.OPT_INDENT_2))
        return verdict(claims, results, pilots, out=out, track=Silent())

    return store.build(wanted, judge)


def show_power(arms: Sequence[Arm], console: Console) -> None:
    """How many seeds each contrast needs, from pilot seeds; `claim=` asks for one."""
    from pipeline.verdict.planning import plans

    sweep, asked = _sweep(arms), arms[0][1].claim
    check_claims(arms)
    if asked is not None and asked not in sweep.claims:
        raise UserError(f"sweep '{sweep.name}' has no claim '{asked}'; {nearest(asked, list(sweep.claims))}")
    pilots = _pilots(sweep, arms)
    source = f"pilot seeds {', '.join(map(str, sweep.pilots))}" if pilots else "result seeds: no pilot was run"
    found, untold = plans(sweep.judged_by(), pilots or _results(sweep, arms), only=asked)
    table = Table("claim", "seeds", "sd", "matters", "needs", "at most", "power", "detects", box=None, title=source)
    for each in found:
        table.add_row(
            each.part, str(each.pilots), f"{each.sd:.2f}", f"{each.matters:g}", _seeds(each.needs),
            _seeds(each.needs_at_most), f"{each.power_as_planned:.0%}", f"{each.detectable:.2f}",
        )  # fmt: skip
    console.print(table)
    say(console, "needs: seeds for a power of 80 %, if the truth is what matters")
    say(console, "at most: the same, if the pilots underestimate the spread as one time in five they do")
    say(console, f"power, detects: at the {sweep.planned_seeds} planned seeds")
    for line in untold:
        say(console, line)


def _sweep(arms: Sequence[Arm]) -> Sweep:
    sweep = arms[0][1].sweep
    if sweep is None or not sweep.claims:
        named = f"sweep '{sweep.name}' states no claims" if sweep else "claims belong to a sweep"
        raise UserError(f"{named}; give sweep=NAME of one that does, such as sweep=asymmetry")
    return sweep


def _results(sweep: Sweep, arms: Sequence[Arm]) -> list[Measured]:
    """At result seeds: the common SFT learning rate and the others."""
    chosen = [arm for arm in arms if arm[1].seed not in sweep.pilots]
    return measured(chosen) + measured(at_other_rates(chosen), is_common=False)


def _pilots(sweep: Sweep, arms: Sequence[Arm]) -> list[Measured]:
    chosen = at_seeds(arms, sweep.pilots)
    return measured(chosen) + measured(at_other_rates(chosen), is_common=False)


def _wanted(claims: Claims, results: Sequence[Measured], pilots: Sequence[Measured], store: Store) -> Wanted:
    """Parents are the evals in the store; the content of committed ones is a literal."""
    uses = sorted({(each.evaluation.fingerprint, each.evaluation.content) for each in (*results, *pilots)})
    found = [store.find("eval", fingerprint) for fingerprint, _ in uses]
    parents = tuple(artifact for artifact in found if artifact is not None)
    stored = {artifact.fingerprint for artifact in parents}
    ledgers = {use.fingerprint: use.content for each in (*results, *pilots) for use in each.stages}
    return Wanted(
        stage="verdict",
        label=claims.sweep,
        version=str(VERSION),
        literals={
            "config": claims.literals(),
            "claims_hash": claims.hash,
            "committed": [list(use) for use in uses if use[0] not in stored],
            "stages": ledgers,
            "drift": sorted({why for each in (*results, *pilots) for why in each.drift}),
            "checkpoints": sorted(f"{name} seed {each.seed}" for each in results for name in each.names),
        },
        parents=parents,
    )


def _table(folder: Path) -> Table:
    rows = orjson.loads((folder / "verdicts.json").read_bytes())["verdicts"]
    table = Table("claim", "", "paper", "effect", "95 %", "p", "seeds", "verdict", box=None)
    for row in rows:
        span = "" if row["low"] is None else f"{row['low']:.1f} .. {row['high']:.1f}"
        table.add_row(
            row["claim"] + ("*" if row["primary"] else ""), row["says"], _signed(row["paper"]), _signed(row["effect"]),
            span, "" if row["p_holm"] is None else f"{row['p_holm']:.3f}", str(row["seeds"]), _verdict(row),
        )  # fmt: skip
    return table


def _verdict(row: dict[str, str | int | None]) -> str:
    count = row["needs_seeds"]
    return f"{row['verdict']} (needs about {count} more seed{'s' * (count != 1)})" if count else str(row["verdict"])


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.1f}"


def _seeds(count: int | None) -> str:
    return "over 1000" if count is None else str(count)
