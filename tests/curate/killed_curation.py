"""Curate a corpus in a process that dies by SIGKILL at the n-th file it opens; for `test_curate_restart`.

killed_curation.py FOLDER OUT N    (N = 0: to the end)
"""

import os
import signal
import sys
from pathlib import Path

from pipeline.core import document as document_module
from pipeline.core.executor import Executor
from pipeline.core.track import Silent
from pipeline.curate.config import Curation
from pipeline.curate.curate import curate

document_module.ROWS_PER_GROUP = 6


def die_at(number: int, out: str):
    left = number

    def hear(event, args):
        nonlocal left
        if event == "open" and str(args[0]).startswith(out):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hear)


def main(folder: Path, out: Path, number: int):
    out.mkdir(exist_ok=True)
    if number:
        die_at(number, str(out))
    config = Curation(decontaminate=False, minhash={"buckets": 4, "hashes": 4})
    executor = Executor(tasks=3)
    options = {"suites": (), "study_key": "t", "data_root": None, "track": Silent(), "executor": executor}
    curate(config, folder, out=out, **options)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
