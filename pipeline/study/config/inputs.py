"""Files that come from outside: their content, not their place, is part of what is asked for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.core.errors import UserError
from pipeline.eval.config import Eval
from pipeline.sources.config import Corpus, Files
from pipeline.sources.files import file_checksums
from pipeline.sources.hub import copy_checksums
from pipeline.tasks.absent import absent_of
from pipeline.tasks.suite import Suite
from pipeline.tokenize.checksums import tokenizer_checksums
from pipeline.tokenize.config import Tokenizer


def with_file_checksums(corpus: Corpus, data_root: Path | None) -> Corpus:
    """The corpus with the checksum of each file it reads; one that is drawn or streamed as it is.

    Raises UserError where data_root or a file is missing.
    """
    if corpus.hub is not None:
        checksums = copy_checksums(corpus.hub, data_root)
        return corpus.model_copy(update={"hub": corpus.hub.model_copy(update={"checksums": checksums})})
    if corpus.files is None:
        return corpus
    checksums = file_checksums(corpus.files, _root(data_root, f"corpus '{corpus.name}'"))
    return corpus.model_copy(update={"files": corpus.files.model_copy(update={"checksums": checksums})})


def check_not_asked(name: str, config: Mapping[str, Any], suites: Sequence[Suite]) -> None:
    """Raise UserError where a corpus reads a file that an eval suite asks, under whatever name."""
    read: dict[str, str] = ((config["files"] or config.get("hub")) or {}).get("checksums", {})
    asked = {path for suite in suites for path in _paths_of(suite)}
    contents = {checksum for suite in suites for checksum in _strings(suite.literals(), "checksum")}
    for path, checksum in read.items():
        if path in asked or checksum in contents:
            raise UserError(
                f"corpus '{name}' reads {path}, which the eval asks; take it out of the corpus or of the eval"
            )


def _paths_of(suite: Suite) -> list[str]:
    return _strings(suite.literals(), "path")


def _strings(value: Any, key: str) -> list[str]:
    """Every text under this key, at any depth; of `checksums` each."""
    if isinstance(value, list):
        return [found for item in value for found in _strings(item, key)]
    if not isinstance(value, dict):
        return []
    own = [value[key]] if isinstance(value.get(key), str) and value[key] else []
    table = value.get(f"{key}s")
    own += [text for text in table.values() if text] if isinstance(table, dict) else []
    return own + [found for item in value.values() for found in _strings(item, key)]


def as_asked(config: Eval, data_root: Path | None, stage: str = "") -> Eval:
    """An eval of what can be asked: suites with their checksums, and apart those whose file is not there.

    stage: that trained the checkpoint; not given: all suites are asked. Raises UserError where no suite at all can be.
    """
    lacks = [_lacks(suite, data_root) for suite in config.suites]
    if lacks and all(lacks):
        raise UserError(f"the eval has nothing to ask: {'; '.join(lacks)}")
    asked = [suite for suite in config.suites if suite.after in ("any", stage) or not stage]
    there = [suite for suite in asked if absent_of(suite, data_root) is None]
    missing = tuple(absent for suite in asked if (absent := absent_of(suite, data_root)))
    return config.model_copy(update={"suites": with_suite_checksums(there, data_root), "missing": missing})


def _lacks(suite: Suite, data_root: Path | None) -> str:
    """That a suite has none of its data, or is one of the harness's without any; else empty."""
    absent = absent_of(suite, data_root)
    if absent is not None or suite.harness is None or data_root is None:
        return absent.line if absent else ""
    from pipeline.tasks.harness.local import files_of, how_to_get

    datasets = [task.dataset for task in suite.harness.tasks.values()]
    if not all(datasets) or any(files_of(dataset, data_root) for dataset in datasets):
        return ""
    return f"suite '{suite.name}' is not asked: it has no data below data_root; get some: {how_to_get(datasets[0])}"


def check_guarded(name: str, suites: Sequence[Suite], data_root: Path | None) -> None:
    """Raise UserError where a corpus is to hold no question of a suite whose file is not there.

    What is trained on cannot be taken out of the weights, so this is no case of going on with the rest.
    """
    for absent in filter(None, (absent_of(suite, data_root) for suite in suites)):
        raise UserError(
            f"corpus '{name}' cannot be kept free of the questions of suite '{absent.suite}': {absent.reason}; or take "
            f"the suite out of eval.suites, or give +corpora.{name}.curation.decontaminate=false"
        )


def with_suite_checksums(suites: Sequence[Suite], data_root: Path | None) -> tuple[Suite, ...]:
    """The suites with the checksum of each file they read; that of a suite whose file is not there stays empty."""
    read = (_with_harness_checksums(suite, data_root) for suite in suites)
    return tuple(_with_checksum(_with_probe_checksum(suite, data_root), data_root) for suite in read)


def _with_checksum(suite: Suite, data_root: Path | None) -> Suite:
    file = suite.gsm8k or suite.code
    if file is None:
        return suite
    read = file.model_copy(update={"checksum": _checksum(suite, file.path, data_root)})
    return suite.model_copy(update={"gsm8k" if suite.gsm8k else "code": read})


def _with_probe_checksum(suite: Suite, data_root: Path | None) -> Suite:
    if suite.reflection is None or suite.reflection.gsm8k is None:
        return suite
    file = suite.reflection.gsm8k
    read = file.model_copy(update={"checksum": _checksum(suite, file.path, data_root)})
    return suite.model_copy(update={"reflection": suite.reflection.model_copy(update={"gsm8k": read})})


def _checksum(suite: Suite, path: str, data_root: Path | None) -> str:
    root = _root(data_root, f"suite '{suite.name}'")
    if absent_of(suite, root):
        return ""
    (checksum,) = file_checksums(Files(paths=(path,), format="jsonl"), root).values()
    return checksum


def _with_harness_checksums(suite: Suite, data_root: Path | None) -> Suite:
    """Files that are not there are no error: the benchmark is listed as missing, and asked anew once they are."""
    if suite.harness is None:
        return suite
    from pipeline.tasks.harness.identity import identified

    root = _root(data_root, f"suite '{suite.name}'")
    return suite.model_copy(update={"harness": identified(suite.harness, root)})


def with_tokenizer_checksums(tokenizer: Tokenizer, data_root: Path | None) -> Tokenizer:
    """The tokenizer with the checksum of each of its files, where it is one in a folder."""
    if tokenizer.kind != "file":
        return tokenizer
    checksums = tokenizer_checksums(tokenizer.path, _root(data_root, "tokenizer"))
    return tokenizer.model_copy(update={"checksums": checksums})


def _root(data_root: Path | None, who: str) -> Path:
    if data_root is None:
        raise UserError(f"{who} reads files and data_root is not set; give data_root=PATH")
    return data_root
