"""The hub's data sets: a local copy through the same `load_dataset`, and what the hub's refusals mean."""

import json

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets.exceptions import DatasetNotFoundError
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from pipeline.core.document import read_documents
from pipeline.core.errors import UserError
from pipeline.core.track import Silent
from pipeline.sources.collect import collect
from pipeline.sources.config import Corpus, Hub
from pipeline.sources.hub import copy_checksums, explanation, hub_rows


@pytest.fixture(scope="module")
def data_root(tmp_path_factory):
    """A copy of a data set as `hf download` leaves it: a card, a configuration, a split of two files."""
    root = tmp_path_factory.mktemp("data")
    folder = root / "hub" / "someone" / "sums"
    (folder / "data").mkdir(parents=True)
    (folder / ".cache").mkdir()
    (folder / ".cache" / "x").write_text("not part of it")
    card = {"config_name": "small", "data_files": [{"split": "train", "path": "data/*.parquet"}]}
    (folder / "README.md").write_text(f"---\nconfigs: {json.dumps([card])}\n---\n# sums\n")
    for part in range(2):
        rows = [
            {"q": f"{i}+1?", "a": {"final": f"{i + 1}"}, "when": "2020-01-01"} for i in range(3 * part, 3 * part + 3)
        ]
        pq.write_table(pa.Table.from_pylist(rows), folder / "data" / f"train-{part}.parquet")
    return root


SUMS = {"dataset": "someone/sums", "subset": "small", "template": "qa", "heldout_share": 0}
COLUMNS = {"prompt": "q", "reasoning": "when", "answer": "a.final"}


def test_a_copy_is_streamed_with_its_columns_mapped(data_root, tmp_path):
    hub = Hub(**SUMS, columns=COLUMNS, max_documents=5)
    collect(Corpus(name="c", hub=hub), study_key="t", data_root=data_root, out=tmp_path, track=Silent())
    found = list(read_documents(tmp_path / "documents.parquet"))
    assert [(d.id, d.prompt, d.answer) for d in found] == [
        (f"someone/sums:{i}", f"{i - 1}+1?", str(i)) for i in range(1, 6)
    ]
    assert found[0].reasoning == "2020-01-01"  # no date is made of it


def test_a_changed_copy_is_refused(data_root):
    checksums = copy_checksums(Hub(**SUMS), data_root)
    assert set(checksums) == {"README.md", "data/train-0.parquet", "data/train-1.parquet"}
    changed = Hub(**SUMS, checksums={**checksums, "README.md": "0"})
    with pytest.raises(UserError, match="changed since it was planned"):
        next(hub_rows(changed, data_root))


@pytest.mark.parametrize("wrong", [{"split": "test"}, {"subset": "large"}])
def test_a_split_or_subset_that_is_not_there_is_named(data_root, wrong):
    with pytest.raises(UserError, match=r"someone/sums cannot be read so .*correct `split` or `subset`"):
        next(hub_rows(Hub(**{**SUMS, **wrong}), data_root))


@pytest.mark.parametrize("revision", ["", "main", "to-be-pinned"])
def test_a_moving_revision_is_not_streamed(revision):
    with pytest.raises(UserError, match=r"give `hub\.revision` .* or put a copy into data_root: `hf download a/b"):
        next(hub_rows(Hub(dataset="a/b", revision=revision), None))


def answer(status):
    return httpx.Response(status, request=httpx.Request("GET", "https://hub.invalid/a/b"))


REFUSALS = [
    (
        GatedRepoError("403 Cannot access gated repo", response=answer(403)),
        "is gated: ask for access .*`hf auth login`",
    ),
    (RepositoryNotFoundError("404 Repository Not Found", response=answer(404)), "does not exist, or is private"),
    (RevisionNotFoundError("404 Revision Not Found", response=answer(404)), "has no revision 'v1'; give a commit"),
    (httpx.ConnectError("name resolution failed"), "cannot be reached .*; try again, or `hf download a/b"),
    (httpx.ReadTimeout("timed out"), "cannot be reached"),
    (OfflineModeIsEnabled("offline"), "cannot be reached"),
    (HfHubHTTPError("429 Too Many Requests", response=answer(429)), "cannot be read .*429"),
]


@pytest.mark.parametrize("after", [0, 3])
@pytest.mark.parametrize(("error", "line"), REFUSALS, ids=[type(error).__name__ for error, _ in REFUSALS])
def test_the_hub_refuses_at_once_or_in_the_midst_of_the_stream(after, error, line, monkeypatch, tmp_path):
    """A stand-in for the hub: the library's own function, with the errors that it and the hub's client raise."""

    def stream(name, subset, *, revision, split, streaming):
        assert (name, subset, revision, split, streaming) == ("a/b", None, "v1", "train", True)
        yield from ({"text": f"row {i}"} for i in range(after))
        raise error

    monkeypatch.setattr("datasets.load_dataset", stream)
    with pytest.raises(UserError, match=line) as refused:
        collect(
            Corpus(name="c", hub=Hub(dataset="a/b", revision="v1")),
            study_key="t",
            data_root=None,
            out=tmp_path,
            track=Silent(),
        )
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            DatasetNotFoundError("Dataset 'a/b' is a gated dataset on the Hub. You must be authenticated"),
            "hf auth login",
        ),
        (DatasetNotFoundError("Dataset 'a/b' doesn't exist on the Hub or cannot be accessed."), "correct the name"),
        (RuntimeError("Dataset scripts are no longer supported, but found b.py"), "none is run here"),
        (ConnectionError("Couldn't reach 'a/b' on the Hub (ConnectTimeout)"), "DATA_ROOT/hub/a/b"),
        (ValueError("Invalid rev id: 123"), "has no revision 'v1'"),
    ],
)
def test_each_refusal_of_the_hub_says_what_to_do(error, message):
    said = explanation(Hub(dataset="a/b", revision="v1"), error)
    assert message in said
    assert "\n" not in said
    assert said.startswith("hub data set a/b ")
