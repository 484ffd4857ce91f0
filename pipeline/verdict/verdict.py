"""The verb: claims and checkpoints in, verdicts out.

Writes `verdicts.parquet` (a row a claim), `verdicts.json` (the same, with the claims' hash, the fingerprints behind
each claim, and which were judged at each cell's best SFT rate too) and `contrasts.parquet` (a row a claim, part, seed
and learning rate).
"""

from collections.abc import Sequence
from pathlib import Path

import orjson
import pandas as pd

from pipeline.core.ledger import Ledger
from pipeline.core.track import Tracker
from pipeline.verdict.config import Claims
from pipeline.verdict.contrasts import Shelf
from pipeline.verdict.judged import Judged, judge
from pipeline.verdict.results import Measured
from pipeline.verdict.rows import COLUMNS, CONTRAST_COLUMNS, contrast_rows, row_of


def verdict(
    config: Claims,
    results: Sequence[Measured],
    pilots: Sequence[Measured] = (),
    *,
    out: Path,
    track: Tracker,
) -> Ledger:
    """Judge every claim of a sweep by whatever of it was measured.

    Args:
        config: the claims.
        results: checkpoints at result seeds.
        pilots: checkpoints at pilot seeds, which choose learning rates only.
        out: an existing folder.
        track: hears of the progress.

    Raises UserError for a name that stands for two arms, and for groups that this eval or these corpora do not have.
    """
    judged = judge_all(config, results, pilots)
    pd.DataFrame([row_of(each) for each in judged], columns=COLUMNS).to_parquet(out / "verdicts.parquet", index=False)
    contrasts = [row for each in judged for row in contrast_rows(each)]
    pd.DataFrame(contrasts, columns=CONTRAST_COLUMNS).to_parquet(out / "contrasts.parquet", index=False)
    (out / "verdicts.json").write_bytes(orjson.dumps(_told(config, judged), option=orjson.OPT_INDENT_2))
    track.progress(1, 1, "claims", f"judged {len(judged)}")
    return Ledger(documents=len(judged))


def judge_all(config: Claims, results: Sequence[Measured], pilots: Sequence[Measured] = ()) -> list[Judged]:
    """Every claim in the order of the sweep."""
    return judge(config, Shelf.of(results), Shelf.of(pilots))


def _told(config: Claims, judged: Sequence[Judged]) -> dict[str, object]:
    return {
        "sweep": config.sweep,
        "claims_hash": config.hash,
        "alpha": config.alpha,
        "planned_seeds": config.planned_seeds,
        "num_primary": config.num_primary,
        "at_best_rates": [each.name for each in judged if each.best_rates],
        "verdicts": [
            {
                **row_of(each),
                "hash": config.claims[each.name].hash,
                "drift": sorted(each.drift),
                "scores": {str(seed): prints for seed, prints in each.fingerprints.items()},
            }
            for each in judged
        ],
    }
