"""Files as their projects publish them, turned into the rows that the hub has: same fields, same text, same order.

Each reader takes the data root and the name of a configuration (a subject, a subtask; empty where there is
none) and returns rows by split. Nothing is rendered here: that is the harness's.
"""

import csv
import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from os.path import commonprefix
from pathlib import Path
from typing import Any

import orjson

from pipeline.core.errors import UserError

Row = dict[str, Any]
Splits = dict[str, list[Row]]
Reader = Callable[[Path, str], Splits]

_MBPP_TEST, _MBPP_DEV, _MBPP_TRAIN = 11, 511, 601  # first task_id of each split (the data set's README)
_LETTERS = "ABCD"


def gsm8k(root: Path, _: str) -> Splits:
    """openai/grade-school-math."""
    return {split: list(_lines(root / f"gsm8k/{split}.jsonl")) for split in ("train", "test")}


def mmlu(root: Path, subject: str) -> Splits:
    """hendrycks/test: a zip of CSV files without header, a file for each split and subject."""
    names = {"dev": "dev", "validation": "val", "test": "test"}
    with zipfile.ZipFile(root / "mmlu/mmlu.zip") as archive:
        return {split: _mmlu_rows(archive, f"data/{name}/{subject}_{name}.csv") for split, name in names.items()}


def _mmlu_rows(archive: zipfile.ZipFile, name: str) -> list[Row]:
    subject = name.rpartition("/")[2].rpartition("_")[0]
    with archive.open(name) as file:
        rows = list(csv.reader(io.TextIOWrapper(file, encoding="utf-8", newline="")))
    return [
        {"question": row[0], "subject": subject, "choices": row[1:5], "answer": _LETTERS.index(row[5])} for row in rows
    ]


def ifeval(root: Path, _: str) -> Splits:
    """google-research/instruction_following_eval, or a copy of it that calls `key` `id`."""
    rows = _lines(root / "ifeval/ifeval.jsonl")
    return {"train": [row if "key" in row else {"key": row.pop("id"), **row} for row in rows]}


def humaneval(root: Path, _: str) -> Splits:
    """openai/human-eval."""
    return {"test": list(_lines(root / "humaneval/HumanEval.jsonl.gz"))}


def mbpp(root: Path, _: str) -> Splits:
    """google-research/mbpp: the splits are ranges of `task_id`."""
    rows = list(_lines(root / "mbpp/mbpp.jsonl"))
    ranges = {
        "prompt": range(1, _MBPP_TEST),
        "test": range(_MBPP_TEST, _MBPP_DEV),
        "validation": range(_MBPP_DEV, _MBPP_TRAIN),
        "train": range(_MBPP_TRAIN, 975),
    }
    return {split: [row for row in rows if row["task_id"] in ids] for split, ids in ranges.items()}


def arc(root: Path, name: str) -> Splits:
    """The test split of ARC as llm-foundry has it: the question with its lead-in, and the gold choice's number.

    The letters of the choices are not kept there; the harness reads nothing from them but the gold's place.
    """
    file = {"ARC-Challenge": "arc_challenge", "ARC-Easy": "arc_easy"}[name]
    lines = _lines(root / f"llm_foundry_eval/world_knowledge/{file}.jsonl")
    return {"test": [_arc_row(row, f"{name}-{number}") for number, row in enumerate(lines)]}


def _arc_row(row: Row, identity: str) -> Row:
    labels = [chr(ord("A") + number) for number in range(len(row["choices"]))]
    return {
        "id": identity,
        "question": row["query"].removeprefix("Question: "),
        "choices": {"text": row["choices"], "label": labels},
        "answerKey": labels[row["gold"]],
    }


def winogrande(root: Path, _: str) -> Splits:
    """The validation split of WinoGrande as llm-foundry has it: the sentence up to the blank, filled in both ways."""
    lines = _lines(root / "llm_foundry_eval/language_understanding/winogrande.jsonl")
    return {"validation": [_winogrande_row(row) for row in lines]}


def _winogrande_row(row: Row) -> Row:
    """One sentence with a blank again. Where exactly the options begin is not told, and does not show in a prompt."""
    shared = commonprefix(row["context_options"])  # noqa: RUF071 - of texts, character by character
    first, second = (option.removeprefix(shared) for option in row["context_options"])
    sentence = f"{shared}_ {row['continuation']}"
    return {"sentence": sentence, "option1": first, "option2": second, "answer": str(row["gold"] + 1)}


def bbh(root: Path, subtask: str) -> Splits:
    """suzgunmirac/BIG-Bench-Hard."""
    content = orjson.loads((root / f"bbh/bbh/{subtask}.json").read_bytes())
    return {"test": [{"input": row["input"], "target": row["target"]} for row in content["examples"]]}


def _lines(path: Path) -> Iterator[Row]:
    """Rows of a JSONL file, gzipped or not. Raises UserError for a line that is no JSON object."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    for number, line in enumerate(content.splitlines(), start=1):
        if line.strip():
            yield _parse(line, f"{path}:{number}")


def _parse(line: bytes, where: str) -> Row:
    try:
        row: object = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise UserError(f"{where} is no JSON ({error}); restore the file as its project publishes it") from error
    if not isinstance(row, dict):
        raise UserError(f"{where} is no JSON object but {line[:40]!r}; restore the file as its project publishes it")
    return row
