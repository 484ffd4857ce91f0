"""Files that come from outside: their content, not their place, is part of what is asked for."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.core.errors import UserError
from pipeline.sources.config import Corpus, Files
from pipeline.sources.files import file_checksums
from pipeline.tasks.suite import Suite


def with_file_checksums(corpus: Corpus, data_root: Path | None) -> Corpus:
    """The corpus with the checksum of each of its files. Raises UserError where data_root or a file is missing."""
    assert corpus.files is not None
    checksums = file_checksums(corpus.files, _root(data_root, f"corpus '{corpus.name}'"))
    return corpus.model_copy(update={"files": corpus.files.model_copy(update={"checksums": checksums})})


def with_suite_checksums(suites: Sequence[Suite], data_root: Path | None) -> tuple[Suite, ...]:
    """The suites with the checksum of each file they read."""
    return tuple(_with_checksum(suite, data_root) if suite.gsm8k else suite for suite in suites)


def _with_checksum(suite: Suite, data_root: Path | None) -> Suite:
    assert suite.gsm8k is not None
    root = _root(data_root, f"suite '{suite.name}'")
    (checksum,) = file_checksums(Files(paths=(suite.gsm8k.path,), format="jsonl"), root).values()
    return suite.model_copy(update={"gsm8k": suite.gsm8k.model_copy(update={"checksum": checksum})})


def _root(data_root: Path | None, who: str) -> Path:
    if data_root is None:
        raise UserError(f"{who} reads files and data_root is not set; give data_root=PATH")
    return data_root
