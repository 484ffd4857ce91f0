"""kill -9 through sources, curate, tokenize and mix, by the real command line: the same bytes afterwards?

    .venv/bin/python -m benchmarks.kill_data DATA_ROOT [kills] [seed]

DATA_ROOT: novels, PEPs and GSM8K as `recipes/real_text.yaml` reads them; a small part of each is copied. The line
`frontload recipe=real_text ... stage=mix` is run once to its end, counting the times that it opens, renames, removes or
truncates a file of its store. Then it runs again and again into other stores, each time killed at a random one of
these, until there were so many kills; a store that came to its end is compared with the first, artifact by artifact.
Each attempt is a fork of this process, which has done the imports. Exits 1 if anything differs.
"""

import os
import random
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from pipeline.core.store import Store

TOUCHES = ("open", "os.rename", "os.remove", "os.truncate", "os.mkdir")
TEXTS = {"100_english_novels/*.txt": 4, "python_peps/*.rst": 6}  # files of each
TEXT_BYTES, ROWS = 30_000, 60
PART = 6  # of the undisturbed run's touches; the longest that a run is left alone
PRELOADED = ("study.commands", "study.verbs", "sources.collect", "curate.natural", "tokenize.encode", "mix.plan")


def prepare(data_root: Path, folder: Path) -> None:
    """A small part of the data."""
    for pattern, number in TEXTS.items():
        for path in sorted(data_root.glob(pattern))[:number]:
            target = folder / path.relative_to(data_root)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes()[:TEXT_BYTES])
    (folder / "gsm8k").mkdir()
    for name in ("train.jsonl", "test.jsonl"):
        rows = (data_root / "gsm8k" / name).read_bytes().splitlines(keepends=True)[:ROWS]
        (folder / "gsm8k" / name).write_bytes(b"".join(rows))


def line(folder: Path, store: Path) -> list[str]:
    """What a user would type."""
    return [
        *("frontload", "recipe=real_text", f"data_root={folder}", f"store={store}", "stage=mix", "tracking=off"),
        *("workers=1", "pretrain_mix=none", "sft_mix=gsm8k", "tokenizer_corpora=[novels,peps,gsm8k]"),
        *("tokenizer.vocab_size=600", "eval.suites.0.gsm8k.num_problems=20", "phases.trunk.tokens=9k"),
        *(
            "phases.branch.tokens=9k",
            "sft.loss_tokens=900",
            "base_mix.max_repetitions=90",
            "sft_mix.max_repetitions=90",
        ),
    ]


def watch(store: Path, heard: Callable[[], None]) -> None:
    """Call for every touch of the store's files by this process."""

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if event in TOUCHES and str(arguments[0]).startswith(str(store)):
            heard()

    sys.addaudithook(hear)


def attempt(folder: Path, store: Path, until: int, said: Path) -> tuple[int, int]:
    """One run in a fork, killed at its n-th touch (0: not at all). Returns its exit code and its touches."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        touches = 0

        def count() -> None:
            nonlocal touches
            touches += 1
            if touches == until:
                os.kill(os.getpid(), signal.SIGKILL)

        with said.open("ab") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        watch(store, count)
        code = _run(line(folder, store))
        os.write(writing, str(touches).encode())
        os._exit(code)
    os.close(writing)
    with os.fdopen(reading) as counted:
        said_so = counted.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), int(said_so or until)


def _run(words: list[str]) -> int:
    from pipeline.study.door import main as door

    sys.argv = words
    try:
        door()
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else int(left.code is not None)
    return 0


def contents(store: Path) -> dict[tuple[str, str], str]:
    """Content of every artifact by stage and fingerprint."""
    return {(each.stage, each.fingerprint): each.content for each in Store(store).artifacts()}


def unfinished(store: Path) -> Counter[str]:
    """In which stages a kill left work behind."""
    return Counter(path.parent.name for path in Store(store).unfinished())


def main(data_root: Path, wanted: int, seed: int) -> int:
    """Kill until there were enough; 0 if every store ended with the same content."""
    for name in PRELOADED:
        import_module(f"pipeline.{name}")
    instants = random.Random(seed)
    scratch = Path(tempfile.mkdtemp())
    folder, said = scratch / "data", scratch / "said.txt"
    folder.mkdir()
    prepare(data_root, folder)
    code, touches = attempt(folder, scratch / "whole", 0, said)
    if code:
        print(said.read_text(encoding="utf-8")[-2000:])
        return 1
    whole = contents(scratch / "whole")
    print(f"undisturbed: {len(whole)} artifacts, {touches} touches of files", flush=True)
    kills, runs, differing, left = 0, 0, 0, Counter[str]()
    while kills < wanted:
        runs += 1
        store = scratch / f"store{runs}"
        while True:
            code, _ = attempt(folder, store, instants.randint(1, max(touches // PART, 2)), said)
            if code == 0:
                break
            assert code == -signal.SIGKILL, said.read_text(encoding="utf-8")[-2000:]
            kills += 1
            left += unfinished(store)
        problems = [each for artifact in Store(store).artifacts() for each in artifact.verify()]
        same = contents(store) == whole and not problems
        differing += not same
        print(f"run {runs}: {kills} kills so far, {'the same' if same else 'OTHER'} content", flush=True)
    print(f"{kills} kills in {runs} runs, work left behind in {dict(left)}; {differing} runs ended with other content")
    shutil.rmtree(scratch)
    return int(differing > 0)


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[2:]]
    sys.exit(main(Path(sys.argv[1]), *(numbers + [25, 0][len(numbers) :])))
