"""The harness's own task over local rows: only where its data come from is ours."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets import Dataset, DatasetDict, load_dataset
from datasets import config as datasets_config
from lm_eval.api.metrics import mean
from lm_eval.api.task import ConfigurableTask

from pipeline.core.errors import UserError
from pipeline.tasks.harness.local import HUB, SOURCES
from pipeline.tasks.sandbox.run import recorded

if TYPE_CHECKING:
    from pipeline.tasks.harness.readers import Row

ERROR = "error"  # beside the metrics of a problem whose scorer raised
PROGRAMS = "programs"  # beside the metrics of a problem whose answer was run: what became of it (`Outcome`s)
NO_METRICS = (ERROR, PROGRAMS)
Keep = Callable[["Row"], bool]


class LocalTask(ConfigurableTask):
    """A `ConfigurableTask` whose `download` reads local files.

    The harness processes a split anew each time that it looks at it, and relies on a cache on disk for getting
    the same rows; GPQA shuffles its choices then. Rows in memory have no such cache, so each split is kept.
    """

    dataset_name: str  # on the hub: what the YAML must name
    data_root: Path | None
    scratch: Path  # for the cache of the datasets library
    keep: Keep | None  # which rows are asked; None: all

    def __init__(self, config: dict[str, Any]) -> None:
        """config: the YAML's, with `class` beside it."""
        self._kept: dict[str, Any] = {}
        self.num_left_out = 0  # rows that `keep` does not keep
        super().__init__(config={key: value for key, value in config.items() if key != "class"})

    def download(self, dataset_kwargs: dict[str, Any] | None = None, **_: Any) -> None:
        """Read the splits. Raises UserError where the YAML names other data than the suite, or none are there."""
        if callable(self.config.custom_dataset):
            super().download(dataset_kwargs)
            return
        if self.config.dataset_path != self.dataset_name:
            raise UserError(
                f"task {self.config.task!r} reads the data set {self.config.dataset_path!r} and the suite says "
                f"{self.dataset_name!r}; correct its `dataset`"
            )
        assert self.data_root is not None, "load_task asks for it"
        splits = _read(self.dataset_name, self.config.dataset_name or "", self.data_root, self.scratch)
        self.dataset = DatasetDict({name: self._select(rows) for name, rows in splits.items()})
        self._add_empty_splits()

    @property
    def filter_names(self) -> list[str]:
        """The ways of reading an answer out of a completion."""
        return [each.name for each in self._filters]

    def process_results(self, doc: Any, results: Any) -> dict[str, Any]:
        """The harness's scores of one problem. A scorer that raises is no reason to lose the others: 0, and `error`."""
        with recorded() as outcomes:
            scores = self._scored(doc, results)
        return {**scores, PROGRAMS: outcomes} if outcomes else scores

    def _scored(self, doc: Any, results: Any) -> dict[str, Any]:
        try:
            return dict(super().process_results(doc, results))
        except UserError:
            raise
        except Exception as error:  # noqa: BLE001 - any scorer of any task, on any text
            line = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            means = [name for name, aggregate in super().aggregation().items() if aggregate is mean]
            return {**dict.fromkeys(means, 0.0), ERROR: line}

    def aggregation(self) -> dict[str, Any]:
        """The harness's, and a count of what is none."""
        return {**super().aggregation(), **dict.fromkeys(NO_METRICS, len)}

    def higher_is_better(self) -> dict[str, Any]:
        """The harness's; errors and programs are no score."""
        return {**super().higher_is_better(), **dict.fromkeys(NO_METRICS, False)}

    def _select(self, rows: Dataset) -> Dataset:
        if self.keep is None:
            return rows
        numbers = [number for number, row in enumerate(rows) if self.keep(dict(row))]
        self.num_left_out += len(rows) - len(numbers)
        return rows.select(numbers)

    def _add_empty_splits(self) -> None:
        """A split that the YAML names and that is not there has no rows; `load_task` refuses what would need some."""
        config, some = self.config, next(iter(self.dataset.values()))
        for split in (config.training_split, config.validation_split, config.test_split, config.fewshot_split):
            if split and split not in self.dataset:
                self.dataset[split] = some.select(range(0))

    def training_docs(self) -> Any:
        """The split, processed once."""
        return self._once(self.config.training_split, super().training_docs)

    def validation_docs(self) -> Any:
        """The split, processed once."""
        return self._once(self.config.validation_split, super().validation_docs)

    def test_docs(self) -> Any:
        """The split, processed once."""
        return self._once(self.config.test_split, super().test_docs)

    def _once(self, split: str | None, docs: Callable[[], Any]) -> Any:
        if split is None:
            return docs()
        if split not in self._kept:
            self._kept[split] = docs()
        return self._kept[split]


def local_class(dataset: str, data_root: Path | None, scratch: Path, keep: Keep | None) -> type[LocalTask]:
    """A class for the harness's factory, which makes the objects itself and hands over nothing but the YAML."""
    kept = staticmethod(keep) if keep else None
    bound = {"dataset_name": dataset, "data_root": data_root, "scratch": scratch, "keep": kept}
    return type("LocalTask", (LocalTask,), bound)


def _read(dataset: str, name: str, root: Path, scratch: Path) -> Mapping[str, Dataset]:
    """The splits of one configuration of a data set: the hub's own files first, as in `files_of`."""
    folder = root / HUB / dataset
    if not folder.is_dir():
        return {split: Dataset.from_list(rows) for split, rows in SOURCES[dataset].read(root, name).items()}
    datasets_config.HF_UPDATE_DOWNLOAD_COUNTS = False  # else it tells the hub that a local file is read
    splits = load_dataset(str(folder), name or None, cache_dir=str(scratch))
    assert isinstance(splits, DatasetDict)
    return {str(split): rows for split, rows in splits.items()}
