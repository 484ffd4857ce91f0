"""The corpora's cards side by side, and what was asked of each mix against what the model saw."""

from dataclasses import replace

import pandas as pd

from pipeline.report.frames import records
from pipeline.report.table import MISSING, Cell, Column, Table, head, number, text_cell

MOST_OPEN = 30  # rows of the cards; more are folded
_DETAIL = (
    r": p\d+$|: (?:largest|[^:]*distinct)|\bby[ _]\w+: |^(?:curation|before curation): "
    r"|^size: (?:bytes|unique_documents)$|sample_|clusters|cluster_|ngram_entropy_bits: [12]$|sum_lines|sums_checked"
    r"|mean_repetition|copies$|: questions$|looping|answer_said|templates$|structure_entropy"
)


def card_tables(frame: pd.DataFrame) -> list[Table]:
    """The cards whole, folded where they are long, and then their chief rows above."""
    whole = _card_table(frame, "corpora", "What each corpus is, as measured after curation")
    if len(whole.rows) <= MOST_OPEN:
        return [whole]
    chief = frame[~frame["characteristic"].str.contains(_DETAIL)]
    kinds = chief["characteristic"].str.partition(":")[0]  # a kind's rows together, though not every corpus has all
    chief = chief.assign(order=kinds.map({kind: place for place, kind in enumerate(dict.fromkeys(kinds))}))
    chief = chief.sort_values("order", kind="stable").drop(columns="order")
    above = _card_table(chief, "corpora_chief", "What each corpus is: the chief characteristics, after curation")
    return [above, replace(whole, caption="All characteristics of each corpus", is_long=True)]


def _card_table(frame: pd.DataFrame, name: str, caption: str) -> Table:
    """Characteristics by corpus, of each corpus's first seed; the files hold every seed."""
    first = frame.drop_duplicates(["corpus", "characteristic"])
    corpora = list(dict.fromkeys(first["corpus"]))
    values = {(r["corpus"], r["characteristic"]): r["value"] for r in records(first)}
    names = list(dict.fromkeys(first["characteristic"]))
    rows = [
        [head(each.replace("_", " ")), *(_plain(values.get((corpus, each))) for corpus in corpora)] for each in names
    ]
    return Table(
        name=name,
        caption=caption,
        columns=[Column(title="characteristic", is_number=False), *(Column(title=corpus) for corpus in corpora)],
        rows=rows,
        frame=frame,
        note="Histograms count documents; one with many keys is told by their number. First seed; the files hold all.",
    )


def mix_table(frame: pd.DataFrame) -> Table:
    """One row a training artifact and corpus."""
    rows = [
        [
            head(r["line"]),
            text_cell(r["phase"]),
            text_cell(r["corpus"]),
            number(100 * r["asked_share"], ".1f"),
            number(100 * r["obtained_share"], ".1f"),
            number(r["planned"], ",.0f"),
            number(r["obtained"], ",.0f"),
            number(r["planned_passes"], ".2f"),
            number(r["obtained_passes"], ".2f"),
            number(100 * r["tolerance"], ".2f"),
            number(100 * r["padding_share"], ".1f"),
            number(100 * r["cropped_share"], ".1f"),
            text_cell(r["unit"].replace("_", " ")),
        ]
        for r in records(frame)
    ]
    words = [Column(title=title, is_number=False) for title in ("run", "phase", "corpus")]
    shares = ["asked %", "obtained %", "asked", "obtained", "asked passes", "obtained passes"]
    numbers = [*shares, "may be off by", "padding %", "cropped %"]
    return Table(
        name="mixes",
        caption="What was asked of each mix, and what the model saw (counted in the loader)",
        columns=[*words, *(Column(title=title) for title in numbers), Column(title="unit", is_number=False)],
        rows=rows,
        frame=frame,
        note="A run whose obtained share is off by more points than it may be fails. Padding and cropped tokens are "
        "parts of the corpus's own tokens; cropped ones are seen without the beginning of their document, which is "
        "longer than a row.",
        is_long=True,
    )


def curve_table(frame: pd.DataFrame) -> Table:
    """Where each run ended; the files hold the curves whole."""
    last = frame.groupby(["line", "seed", "phase"], sort=False).tail(1)
    rows = [
        [
            head(r["line"]),
            text_cell(r["phase"]),
            text_cell(f"{r['seed']}"),
            number(r["tokens"], ",.0f"),
            number(r["loss"], ".3f"),
        ]
        for r in records(last)
    ]
    words = [Column(title=title, is_number=False) for title in ("run", "phase", "seed")]
    return Table(
        name="curves",
        caption="Where each run ended (the files hold the whole curves)",
        columns=[*words, Column(title="tokens"), Column(title="last loss")],
        rows=rows,
        frame=frame,
        is_long=True,
    )


def kept_table(frame: pd.DataFrame) -> Table:
    """One row a checkpoint on the way, lines together. frame: `kept.kept_scores`."""
    rows = [
        [
            head(r["line"]),
            text_cell(r["part"]),
            text_cell(f"{r['seed']}"),
            number(r["tokens"], ",.0f"),
            number(r["accuracy"], ".1f"),
            number(r["graded"], ".1f"),
            number(r["format"], ".1f"),
        ]
        for r in records(frame)
    ]
    words = [Column(title=title, is_number=False) for title in ("run", "stage", "seed")]
    numbers = ["tokens", "accuracy %", "gold-answer probability %", "answer format %"]
    return Table(
        name="kept",
        caption="Scores on the way, of checkpoints that were kept while a run trained",
        columns=[*words, *(Column(title=title) for title in numbers)],
        rows=rows,
        frame=frame,
        note="Tokens of pretraining so far; in SFT those that carry loss. A shared trunk stands with the first arm.",
        is_long=len(rows) > 20,
    )


def _plain(value: float | None) -> Cell:
    if value is None:
        return Cell(text=MISSING)
    return number(value, ",.0f" if float(value).is_integer() else ",.1f" if abs(value) >= 10 else ",.3f")
