"""Plans, ledgers and files: small things that must come back as they were."""

import json
import subprocess
import sys
from pathlib import Path

from pipeline.core.checkpoint import Checkpoint
from pipeline.core.checksum import content_checksum, file_checksum, list_files
from pipeline.core.files import remove_tree, write_atomically
from pipeline.core.ledger import Ledger, SourceUse
from pipeline.core.plan import MixPlan, PlannedSource

SOURCE = PlannedSource(
    corpus="base", share=0.1, unit_per_document=12.5, num_documents=8, unique_tokens=100, planned=30, passes=0.3
)
PLAN = MixPlan(
    budget=300,
    unit="tokens",
    loss="all",
    sequence_length=16,
    block_rows=4,
    stream_key="tunnel/seed0/trunk",
    sources=(SOURCE,),
)
PINNED_CONTENT = "6f89d9c842c94b9a756188106b153eae"


def test_a_plan_comes_back_as_it_was(tmp_path: Path) -> None:
    PLAN.save(tmp_path / "plan.json")
    assert MixPlan.load(tmp_path / "plan.json") == PLAN


def test_a_ledger_comes_back_as_it_was_and_adds_up() -> None:
    ledger = Ledger(input_tokens=5, flops=1e21, sources={"base": SourceUse(tokens=5, passes=0.5)})
    assert Ledger.from_json(json.loads(json.dumps(ledger.to_json()))) == ledger
    assert ledger.plus(input_tokens=2, documents=1) == Ledger(
        input_tokens=7, documents=1, flops=1e21, sources=ledger.sources
    )


def test_a_checkpoint_names_its_parts() -> None:
    checkpoint = Checkpoint(Path("runs/sft/x"))
    assert [checkpoint.model.name, checkpoint.state.name, checkpoint.curve.name] == ["model", "state", "curve.parquet"]


def test_checksums_are_what_they_were_when_this_was_written(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2.txt").write_text("abc")
    (tmp_path / "1.txt").write_bytes(b"")
    assert file_checksum(tmp_path / "b" / "2.txt") == "06b05ab6733a618578af5f94892f3950"  # XXH3-128 of "abc"
    assert [entry.path for entry in list_files(tmp_path)] == ["1.txt", "b/2.txt"]
    assert content_checksum(tmp_path) == PINNED_CONTENT


def test_an_atomic_write_replaces_and_leaves_no_draft(tmp_path: Path) -> None:
    for data in (b"one", b"two"):
        write_atomically(tmp_path / "x.json", data)
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]
    assert (tmp_path / "x.json").read_bytes() == b"two"


def test_a_folder_is_removed_once_and_for_all(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    remove_tree(tmp_path / "a")
    remove_tree(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_the_store_imports_nothing_heavy() -> None:
    code = "import sys, pipeline.core.store; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "transformers", "datasets", "datatrove", "pandas", "pyarrow", "wandb"} & set(loaded)
