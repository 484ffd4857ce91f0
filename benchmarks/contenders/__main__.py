"""One contender's process: `python -m benchmarks.contenders JOB RESULT`, both JSON. Exits 3 if a library is missing."""

import importlib
import resource
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import orjson

from benchmarks.contenders.job import Job, Result
from pipeline.core import collector

MISSING = 3  # exit code
LIBRARIES: Mapping[str, tuple[str, str]] = {  # module and function: a process loads only what it runs
    "Trainer": ("trainers", "run_trainer"),
    "SFTTrainer": ("trainers", "run_sft_trainer"),
    "plain loop": ("plain", "run_transformers"),
    "litgpt": ("plain", "run_litgpt"),
    "ours": ("ours", "run"),
}


def main(job_file: Path, result_file: Path) -> None:
    """Run it."""
    with collector.importing():  # as a study imports
        import torch
        import transformers
    job = Job(**orjson.loads(job_file.read_bytes()))
    torch.set_num_threads(job.threads)
    transformers.utils.logging.set_verbosity_error()
    try:
        result = _run(job)
    except ImportError as error:
        print(f"{job.library}: {error}", file=sys.stderr)
        sys.exit(MISSING)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in kilobytes
    replace(result, peak_bytes=peak).save(result_file)


def _run(job: Job) -> Result:
    module, function = LIBRARIES[job.library]
    with collector.importing():
        loaded = importlib.import_module(f"benchmarks.contenders.{module}")
    return getattr(loaded, function)(job)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
