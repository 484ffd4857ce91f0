"""Suites of ours whose file is not there: what is said of them, and where the file is published."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pipeline.core.config import Config

if TYPE_CHECKING:
    from pipeline.tasks.suite import Suite

_GSM8K = "https://raw.githubusercontent.com/openai/grade-school-math/master/grade_school_math/data"
_PUBLISHED: Mapping[str, tuple[str, ...]] = {  # by their authors
    "gsm8k": (f"{_GSM8K}/test.jsonl", f"{_GSM8K}/train.jsonl"),
    "humaneval": ("https://raw.githubusercontent.com/openai/human-eval/master/data/HumanEval.jsonl.gz",),
    "mbpp": ("https://raw.githubusercontent.com/google-research/google-research/master/mbpp/mbpp.jsonl",),
    "cruxeval": ("https://raw.githubusercontent.com/facebookresearch/cruxeval/main/data/cruxeval.jsonl",),
}


class Absent(Config):
    """A suite that cannot be asked: its file is not below the data root. No more of it is part of an eval."""

    suite: str
    benchmark: str
    path: str

    @property
    def reason(self) -> str:
        """What is missing and how to get it, in one line without a full stop."""
        urls = _PUBLISHED[self.benchmark]
        name = PurePosixPath(self.path).name
        same = next((url for url in urls if url.endswith(f"/{name}")), None)
        if same is None:
            return f"{self.path} is not below data_root; put it there or correct `path` ({self.benchmark}: {urls[0]})"
        return f"{self.path} is not below data_root; get it: curl -fL --create-dirs -o DATA_ROOT/{self.path} {same}"

    @property
    def line(self) -> str:
        """The reason with the suite that lacks it."""
        return f"suite '{self.suite}' is not asked: {self.reason}"


def absent_of(suite: "Suite", data_root: Path | None) -> Absent | None:
    """What a suite lacks. None where it has its file or reads none, and where there is no data root to look below:
    that is another mistake, which `load_suite` and the study name.
    """
    asked = suite.file
    if asked is None or data_root is None or not data_root.is_dir():
        return None
    benchmark, path = asked
    return None if (data_root / path).is_file() else Absent(suite=suite.name, benchmark=benchmark, path=path)
