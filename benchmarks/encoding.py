"""Encoding speed beside datatrove's own DocumentTokenizer pipeline, on the same texts, in one run.

    .venv/bin/python -m benchmarks.encoding TEXT [--vocabulary 16384] [--workers 1] [--rounds 3] [--unshuffled]

TEXT: a file, or a folder of .txt. Cut into documents of about 400 words, written once as our Parquet file and once as
JSONL, and a byte-level BPE is trained on them. Then, in turn within a round: `pipeline.tokenize` as the study calls it
(ids, ends, loss mask, counts), and datatrove's JsonlReader and DocumentTokenizer as its documentation has them, without
its second pass that shuffles (and with it, for comparison, unless --unshuffled). Same tokenizer, same number of
processes, one thread each.
Printed: MB of text a second of wall time and of CPU time (processes below included), medians, and ratios to datatrove
unshuffled.
"""

import argparse
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.tokens import DocumentTokenizer
from loguru import logger
from rich.console import Console
from rich.table import Table

from pipeline.core.document import Document, write_documents
from pipeline.core.executor import Executor
from pipeline.core.track import Silent
from pipeline.tokenize.config import Tokenizer
from pipeline.tokenize.encode import tokenize
from pipeline.tokenize.parts import num_parts
from pipeline.tokenize.tokenizer import train_tokenizer

WORDS = 400  # a document


def documents(path: Path) -> Iterator[Document]:
    """Documents of about 400 words."""
    for file in sorted(path.rglob("*.txt")) if path.is_dir() else [path]:
        words = file.read_text(encoding="utf-8", errors="replace").split(" ")
        for start in range(0, len(words), WORDS):
            yield Document(id=f"{file.name}:{start}", source=file.name, text=" ".join(words[start : start + WORDS]))


def prepare(path: Path, folder: Path, vocabulary: int) -> float:
    """Corpus, JSONL parts and tokenizer. Returns MB of text."""
    (folder / "corpus").mkdir()
    (folder / "jsonl").mkdir()
    (folder / "tokenizer").mkdir()
    texts = list(documents(path))
    write_documents(folder / "corpus" / "documents.parquet", texts)
    write_documents(folder / "corpus" / "heldout.parquet", [])
    number = num_parts(folder / "corpus" / "documents.parquet")
    for part in range(number):
        lines = [orjson.dumps({"text": text.text + "<|end|>", "id": text.id}) for text in texts[part::number]]
        (folder / "jsonl" / f"{part:05d}.jsonl").write_bytes(b"\n".join(lines))
    config = Tokenizer(kind="bpe", vocab_size=vocabulary, sample_documents=4000)
    corpora = {"corpus": folder / "corpus"}
    train_tokenizer(config, corpora, data_root=None, out=folder / "tokenizer", track=Silent())
    return sum(len(text.text.encode()) for text in texts) / 1e6


def ours(folder: Path, out: Path, workers: int) -> None:
    """What the stage does."""
    out.mkdir()
    tokenize(folder / "tokenizer", folder / "corpus", out=out, track=Silent(), executor=Executor(workers=workers))


def theirs(folder: Path, out: Path, workers: int, *, shuffle: bool) -> None:
    """What datatrove does by itself."""
    number = len(list((folder / "jsonl").iterdir()))
    step = DocumentTokenizer(
        output_folder=str(out),
        tokenizer_name_or_path=str(folder / "tokenizer" / "tokenizer.json"),
        save_loss_metadata=True,
        shuffle_documents=shuffle,
    )
    pipeline = [JsonlReader(str(folder / "jsonl")), step]
    logger.disable("datatrove")  # as ours is
    LocalPipelineExecutor(pipeline, tasks=number, workers=min(workers, number), logging_dir=str(out / "logs")).run()


def timed(run: Callable[[], None]) -> tuple[float, float]:
    """Wall and CPU seconds, those of processes that ended included."""
    wall, cpu = time.perf_counter(), cpu_seconds()
    run()
    return time.perf_counter() - wall, cpu_seconds() - cpu


def cpu_seconds() -> float:
    """Of this process and of its children that have ended."""
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", type=Path)
    parser.add_argument("--vocabulary", type=int, default=16384)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--unshuffled", action="store_true", help="leave out datatrove's second pass")
    given = parser.parse_args()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    seconds: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        megabytes = prepare(given.text, folder, given.vocabulary)
        ways: dict[str, Callable[[Path], None]] = {
            "datatrove, unshuffled": lambda out: theirs(folder, out, given.workers, shuffle=False),
            "datatrove, as it comes (shuffled)": lambda out: theirs(folder, out, given.workers, shuffle=True),
            "ours": lambda out: ours(folder, out, given.workers),
        }
        if given.unshuffled:
            del ways["datatrove, as it comes (shuffled)"]
        for round_ in range(given.rounds):
            for number, (name, way) in enumerate(_rotated(list(ways.items()), round_)):
                out = folder / f"out-{round_}-{number}"
                seconds.setdefault(name, []).append(timed(lambda way=way, out=out: way(out)))
    show(seconds, megabytes)


def _rotated(ways: list[tuple[str, Callable[[Path], None]]], by: int) -> list[tuple[str, Callable[[Path], None]]]:
    """Each way comes first, second and last in turn: a process is slower when it is new, and faster when it is warm."""
    by %= len(ways)
    return ways[by:] + ways[:by]


def show(seconds: dict[str, list[tuple[float, float]]], megabytes: float) -> None:
    """Medians and ratios."""
    table = Table("way", f"MB/s ({megabytes:.1f} MB)", "MB per CPU second", "wall ratio", "CPU ratio", box=None)
    medians = {name: [statistics.median(each) for each in zip(*times, strict=True)] for name, times in seconds.items()}
    base = medians["datatrove, unshuffled"]
    for name, (wall, cpu) in medians.items():
        rates = (megabytes / wall, megabytes / cpu, base[0] / wall, base[1] / cpu)
        table.add_row(name, *(f"{rate:.2f}" for rate in rates))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
