"""Which local files stand for which data set of the hub, and how to get one that is not there.

A data set is found in two places below `data_root`: as its project publishes it (`SOURCES`), or as the hub
has it, downloaded whole to `hub/<owner>/<name>`. Nothing else is looked at, and the network never.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pipeline.core.checksum import file_checksum
from pipeline.tasks.harness import readers
from pipeline.tasks.harness.readers import Reader

HUB = "hub"  # the folder below data_root that holds downloads from the hub


@dataclass(frozen=True, slots=True)
class Source:
    """Files of one data set below the data root (globs), and what reads them."""

    files: tuple[str, ...]
    read: Reader


_ARC = ("llm_foundry_eval/world_knowledge/arc_challenge.jsonl", "llm_foundry_eval/world_knowledge/arc_easy.jsonl")
SOURCES: Mapping[str, Source] = {
    "openai/gsm8k": Source(("gsm8k/train.jsonl", "gsm8k/test.jsonl"), readers.gsm8k),
    "cais/mmlu": Source(("mmlu/mmlu.zip",), readers.mmlu),
    "google/IFEval": Source(("ifeval/ifeval.jsonl",), readers.ifeval),
    "openai/openai_humaneval": Source(("humaneval/HumanEval.jsonl.gz",), readers.humaneval),
    "google-research-datasets/mbpp": Source(("mbpp/mbpp.jsonl",), readers.mbpp),
    "allenai/ai2_arc": Source(_ARC, readers.arc),
    "allenai/winogrande": Source(("llm_foundry_eval/language_understanding/winogrande.jsonl",), readers.winogrande),
    "SaylorTwift/bbh": Source(("bbh/bbh/*.json",), readers.bbh),
}


def files_of(dataset: str, data_root: Path) -> dict[str, Path]:
    """The files that a data set is read from, by their path below the data root; empty where it is not there.

    dataset: its name on the hub.
    """
    downloaded = folder_files(f"{HUB}/{dataset}", data_root)
    source = SOURCES.get(dataset)
    if downloaded or source is None:
        return downloaded
    matches = [sorted(data_root.glob(pattern)) for pattern in source.files]
    return _by_path([path for found in matches for path in found], data_root) if all(matches) else {}


def folder_files(folder: str, data_root: Path) -> dict[str, Path]:
    """Every file of a folder below the data root that is not hidden, by its path."""
    files = (path for path in sorted((data_root / folder).rglob("*")) if path.is_file())
    return {name: path for name, path in _by_path(files, data_root).items() if not _is_hidden(name)}


def checksums_of(files: Mapping[str, Path]) -> dict[str, str]:
    """Checksum of each file's bytes; a file is read again only where it looks changed."""
    stats = {name: path.stat() for name, path in files.items()}
    return {name: _checksum(path, stats[name].st_size, stats[name].st_mtime_ns) for name, path in files.items()}


def how_to_get(dataset: str) -> str:
    """The line that brings a data set to where it is looked for."""
    return f"hf download {dataset} --repo-type dataset --local-dir DATA_ROOT/{HUB}/{dataset}"


def _by_path(paths: Iterable[Path], root: Path) -> dict[str, Path]:
    return {path.relative_to(root).as_posix(): path for path in paths}


@lru_cache(maxsize=4096)
def _checksum(path: Path, *_: int) -> str:
    return file_checksum(path)


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in name.split("/"))
