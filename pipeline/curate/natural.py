"""Curate natural text: filters, decontamination and deduplication as a datatrove pipeline, in as many parts as one
likes.

Reads `documents.parquet` and `heldout.parquet`; writes the same two, `dropped.parquet` (split, id, source, reason,
evidence,
tokens), `card.json` (counts, tokens and samples of each reason) and `dropped.md` (the same for people). How many
parts and
which machines is the executor's business: the bytes are the same. What is done lies in `restart/` until the end, so
that a run that was killed carries on.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from pipeline.core.checksum import RESTART
from pipeline.core.errors import UserError
from pipeline.core.executor import Executor
from pipeline.core.ledger import Ledger
from pipeline.core.track import Tracker
from pipeline.curate.blocks import SPLITS
from pipeline.curate.config import Curation
from pipeline.curate.decontaminate import Decontaminator, index_questions
from pipeline.curate.duplicates import find_duplicates
from pipeline.curate.known import read_known
from pipeline.curate.merge import Drops, merge
from pipeline.curate.screening import find_clusters, screen
from pipeline.curate.steps import Filter, few_steps, has_mark, long_answers, many_steps, short_answers, wrong_sums
from pipeline.tasks.suite import Suite, load_suite

_NUM_STEPS = 5


def curate_natural(  # noqa: PLR0913 - each is one thing of its own
    config: Curation,
    documents: Path,
    *,
    suites: Sequence[Suite],
    study_key: str,
    data_root: Path | None,
    against: Mapping[str, Path],
    executor: Executor,
    out: Path,
    track: Tracker,
) -> Ledger:
    """Write what stays of a corpus into `out`. Raises UserError where nothing stays."""
    scratch = out / RESTART
    scratch.mkdir(exist_ok=True)
    track.progress(0, _NUM_STEPS, "steps", "eval questions")
    checks, questions = _checks(config, suites, study_key, data_root, scratch)
    track.progress(1, _NUM_STEPS, "steps", "filters and signatures")
    screened = screen(config, documents, checks, against=against, executor=executor, scratch=scratch)
    track.progress(2, _NUM_STEPS, "steps", "near-duplicates")
    clusters = find_clusters(config.minhash, executor, scratch) if config.near_duplicates else None
    track.progress(3, _NUM_STEPS, "steps", "overlaps")
    known = read_known(screened)
    duplicates = find_duplicates(known, clusters, config.overlap)
    track.progress(4, _NUM_STEPS, "steps", "writing")
    kept, drops = merge(screened, known, duplicates, out)
    if not kept["documents"]["documents"]:
        reasons = dict(drops.documents["documents"])
        raise UserError(f"curation of {documents.name} drops every document {reasons}; loosen its filters")
    _write_card(out, documents, kept, drops, questions)
    return Ledger(documents=sum(count["documents"] for count in kept.values()))


def _checks(
    config: Curation, suites: Sequence[Suite], study_key: str, data_root: Path | None, scratch: Path
) -> tuple[list[tuple[str, Filter]], dict[str, Any]]:
    """Our filters, cheap ones first, and what the card says of the eval questions."""
    checks: list[tuple[str, Filter]] = [("mark", has_mark)]
    checks += [("short", short_answers(config))] if config.min_answer_words else []
    checks += [("long", long_answers(config))] if config.max_answer_words else []
    checks += [("few", few_steps(config))] if config.min_steps else []
    checks += [("many", many_steps(config))] if config.max_steps else []
    checks += [("sums", wrong_sums)] if config.checked_sums else []
    if not config.decontaminate:
        return checks, {}
    asked = [suite for suite in suites if suite.world is None and suite.alchemy is None]  # in no natural text
    problems = {suite.name: load_suite(suite, study_key=study_key, data_root=data_root) for suite in asked}
    folder = scratch / "questions"
    questions = index_questions(folder, problems, config.ngram)
    return [*checks, ("contaminated", Decontaminator(folder, config.ngram, config.question_share))], questions


def _write_card(out: Path, documents: Path, kept: dict[str, Any], drops: Drops, questions: dict[str, Any]) -> None:
    card: dict[str, Any] = {
        "read": {split: kept[split]["documents"] + sum(drops.documents[split].values()) for split in SPLITS},
        "kept": {split: kept[split]["documents"] for split in SPLITS},
        "kept_tokens": {split: kept[split]["tokens"] for split in SPLITS},
        "dropped": drops.to_json(),
        "samples": drops.samples(),
    }
    if questions:
        card["decontamination"] = questions
    (out / "card.json").write_bytes(orjson.dumps(card, option=orjson.OPT_INDENT_2))
    (out / "dropped.md").write_text(_for_people(documents.name, card), encoding="utf-8")


def _for_people(name: str, card: dict[str, Any]) -> str:
    """The drops as a page: each reason with its counts, and some of it."""
    lines = [f"# What curation dropped of {name}", ""]
    for reason, found in card["samples"].items():
        counts = [card["dropped"][split].get(reason, {"documents": 0, "tokens": 0}) for split in SPLITS]
        documents, tokens = (sum(count[key] for count in counts) for key in ("documents", "tokens"))
        lines += [f"## {reason}: {documents:,} documents, {tokens:,} tokens", ""]
        for told in found:
            text = told["text"].replace("\n", "\n      ")
            lines += [f"* `{told['id']}` - {told['evidence']}", "", f"      {text}", ""]
    return "\n".join(lines)
