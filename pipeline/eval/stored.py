"""Completions on file put to the scorers of a config's suites, and held against labels where the file has some.

Writes `rows.parquet` (the eval stage's columns and two more: `line` of the file, and `label`) and
`summary.json`. How a scorer is checked: on completions that others have judged, it must say what they say.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import orjson
import pyarrow as pa

from pipeline.core.chat import END
from pipeline.core.errors import UserError
from pipeline.core.ledger import Ledger
from pipeline.core.scores import SCORE_SCHEMA
from pipeline.eval.agreement import Scored, summarise_stored
from pipeline.eval.executed import check_isolation
from pipeline.eval.rows import Question, Row, make_row, write_table
from pipeline.tasks.absent import Absent
from pipeline.tasks.score import TaskProblem, score_all
from pipeline.tasks.stored import Asked, Stored, matched, read_stored
from pipeline.tasks.suite import Suite, load_suite

VERSION = 1  # raised when the same file would get other scores
STORED = "stored"  # the kind of rows that our own scorers give
STORED_SCHEMA = SCORE_SCHEMA.append(pa.field("line", pa.int64())).append(pa.field("label", pa.bool_()))

Advance = Callable[[int], object]


def score_stored(
    suites: Sequence[Suite],
    file: Path,
    *,
    study_key: str,
    data_root: Path | None,
    out: Path,
    advance: Advance,
    missing: Sequence[Absent] = (),
) -> Ledger:
    """Score every completion by every suite that has its task. advance: told of each that is scored.

    missing: suites that would score too, were their files there; the summary says so of lines with their task.

    Raises UserError for a file that is none, for tasks that no suite has, and where no problem is found.
    """
    stored = read_stored(file)
    scored = [each for suite in suites for each in _score_suite(suite, stored, study_key, data_root, advance)]
    tasks = {each.task for each in stored}
    scored += [Scored(each.suite, each.benchmark, [], [], each.reason) for each in missing if each.benchmark in tasks]
    known = {each.task for each in scored}
    strange = sorted(tasks - known)
    if strange:
        raise UserError(f"completions={file} has task {strange[0]!r}, which no suite asks; ask it, or leave it out")
    rows = [row for each in scored for row in each.rows]
    if not rows and not any(each.missing for each in scored):
        raise UserError(f"completions={file} answers no problem of the suites; is `problem` or `question` theirs?")
    table = write_table(out / "rows.parquet", rows, STORED_SCHEMA)
    (out / "summary.json").write_bytes(orjson.dumps(summarise_stored(table, scored), option=orjson.OPT_INDENT_2))
    return Ledger(documents=len(rows))


def _score_suite(
    suite: Suite, stored: Sequence[Stored], study_key: str, data_root: Path | None, advance: Advance
) -> Iterator[Scored]:
    if suite.harness is not None:
        yield from _score_benchmarks(suite, stored, data_root, advance)
        return
    if suite.is_probe:
        return
    problems = load_suite(suite, study_key=study_key, data_root=data_root)
    for task in dict.fromkeys(problem.task for problem in problems):
        of_task = [each for each in stored if each.task == task]
        if of_task:
            yield _score_task(suite.name, [problem for problem in problems if problem.task == task], of_task, advance)


def _score_task(suite: str, problems: Sequence[TaskProblem], stored: Sequence[Stored], advance: Advance) -> Scored:
    """By our own scorer. A completion on file is whole, so one without an end mark ends where it ends."""
    asked = [Asked(id=each.id, number=number, texts=(each.prompt,)) for number, each in enumerate(problems)]
    found, unknown = _found(stored, asked)
    questions = [Question(suite, problems[place], []) for _, place in found]
    check_isolation(questions)
    texts = [each.completion if END in each.completion else each.completion + END for each, _ in found]
    scores = score_all([question.problem for question in questions], texts)
    advance(len(found))
    rows: list[Row] = []
    for (each, _), question, score in zip(found, questions, scores, strict=True):
        row = make_row(question, STORED, each.completion, 0, score)
        rows.append({**row, "generated_tokens": None, "cut": None})
    return Scored(suite, problems[0].task, _labelled(suite, rows, [each for each, _ in found]), unknown)


def _score_benchmarks(
    suite: Suite, stored: Sequence[Stored], data_root: Path | None, advance: Advance
) -> Iterator[Scored]:
    """By the harness's filters and scorers."""
    from pipeline.eval.harness.stored import asked_of, stored_rows
    from pipeline.tasks.harness.load import Missing, load_task
    from pipeline.tasks.harness.offline import offline

    assert suite.harness is not None
    with offline() as scratch:
        for label in [label for label in suite.harness.tasks if any(each.task == label for each in stored)]:
            loaded = load_task(label, suite.harness, data_root, scratch)
            if isinstance(loaded, Missing):
                yield Scored(suite.name, label, [], [], loaded.reason)
                continue
            if any(task.OUTPUT_TYPE != "generate_until" for task in loaded.tasks.values()):
                yield Scored(suite.name, label, [], [], "it weighs given answers, and completions are none")
                continue
            asked, places = asked_of(loaded)
            found, unknown = _found([each for each in stored if each.task == label], asked)
            pairs = [(each, places[place]) for each, place in found]
            rows = stored_rows(loaded, pairs, suite.harness.strip_thoughts, advance)
            yield Scored(suite.name, label, _labelled(suite.name, rows, [each for each, _ in found]), unknown)


def _found(stored: Sequence[Stored], asked: Sequence[Asked]) -> tuple[list[tuple[Stored, int]], list[int]]:
    """Lines with the place of their problem, and the numbers of those that have none."""
    pairs = list(matched(stored, asked))
    return [(each, place) for each, place in pairs if place is not None], [
        each.line for each, place in pairs if place is None
    ]


def _labelled(suite: str, rows: Sequence[Row], stored: Sequence[Stored]) -> list[Row]:
    """Rows with their suite, line, label, and the number of the sample where a problem is answered several times."""
    times: Counter[str] = Counter()
    labelled: list[Row] = []
    for row, each in zip(rows, stored, strict=True):
        times[row["problem"]] += 1
        labelled.append(
            {**row, "suite": suite, "sample": times[row["problem"]], "line": each.line, "label": each.label}
        )
    return labelled
