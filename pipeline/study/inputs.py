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
    read = (_with_harness_checksums(suite, data_root) for suite in suites)
    return tuple(_with_checksum(_with_probe_checksum(suite, data_root), data_root) for suite in read)


def _with_checksum(suite: Suite, data_root: Path | None) -> Suite:
    file = suite.gsm8k or suite.code
    if file is None:
        return suite
    root = _root(data_root, f"suite '{suite.name}'")
    (checksum,) = file_checksums(Files(paths=(file.path,), format="jsonl"), root).values()
    read = file.model_copy(update={"checksum": checksum})
    return suite.model_copy(update={"gsm8k" if suite.gsm8k else "code": read})


def _with_probe_checksum(suite: Suite, data_root: Path | None) -> Suite:
    if suite.reflection is None or suite.reflection.gsm8k is None:
        return suite
    file = suite.reflection.gsm8k
    root = _root(data_root, f"suite '{suite.name}'")
    (checksum,) = file_checksums(Files(paths=(file.path,), format="jsonl"), root).values()
    read = file.model_copy(update={"checksum": checksum})
    return suite.model_copy(update={"reflection": suite.reflection.model_copy(update={"gsm8k": read})})


def _with_harness_checksums(suite: Suite, data_root: Path | None) -> Suite:
    """Files that are not there are no error: the benchmark is listed as missing, and asked anew once they are."""
    if suite.harness is None:
        return suite
    from pipeline.tasks.harness.identity import identified

    root = _root(data_root, f"suite '{suite.name}'")
    return suite.model_copy(update={"harness": identified(suite.harness, root)})


def _root(data_root: Path | None, who: str) -> Path:
    if data_root is None:
        raise UserError(f"{who} reads files and data_root is not set; give data_root=PATH")
    return data_root
