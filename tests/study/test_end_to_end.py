"""A sweep from its command line to its page; and what is on the page, in the checkpoints and in the stream is true."""

import numpy as np
import pandas as pd
import pytest
import torch
from miniature import SIZES, frontload
from transformers import AutoModelForCausalLM, AutoTokenizer

from pipeline.core.artifact import Artifact
from pipeline.core.plan import MixPlan
from pipeline.core.shard import Shard
from pipeline.lm.training.stream import TokenStream

LINE = ("-m", "sweep=mini", "recipe=smoke", *SIZES, "store=runs")


def artifacts(folder, stage):
    return [Artifact.open(path.parent) for path in sorted(folder.glob(f"runs/{stage}/*/record.json"))]


def parents_of(folder, artifact):
    """Folders of an artifact's parents by role, found by what its record says."""
    roles = artifact.record.literals["roles"]
    parents = artifact.record.parents
    return {role: folder / "runs" / each.stage / each.folder for role, each in zip(roles, parents, strict=True)}


def test_a_sweep_ends_in_a_table_and_a_page_and_builds_what_arms_share_once(swept):
    said = (swept / "said.txt").read_text()
    assert "3 arms" in said
    assert "none" in said and "2x shq" in said
    page = said.split("page: ")[1].splitlines()[0]
    assert (swept / page).is_file()
    assert len(artifacts(swept, "pretrain")) == 3  # one trunk, two branches
    assert len(artifacts(swept, "sft")) == 3
    assert len(artifacts(swept, "eval")) == 5
    assert "Loading weights" not in said and "#1" not in said


def test_nothing_lies_in_the_folder_it_was_called_from(swept):
    assert {path.name for path in swept.iterdir()} == {"runs", "said.txt"}


@pytest.mark.parametrize("launcher", ["basic", "joblib"])
def test_the_same_line_again_builds_nothing(launcher, swept):
    before = sorted(swept.glob("runs/*/*"))
    again = frontload(*LINE, f"hydra/launcher={launcher}", cwd=swept)
    assert again.returncode == 0, again.stderr
    assert "stages are done already" in again.stdout
    assert "page: " in again.stdout
    assert sorted(swept.glob("runs/*/*")) == before


def score_tables(swept):
    """Recorded rows by (pretraining mix, column of the grid), as the test reads the arms' records itself."""
    for artifact in artifacts(swept, "eval"):
        name = artifact.label.rsplit("-s", 1)[0]
        pretrain, _, sft = name.partition(" > ")
        yield (pretrain, sft or "before SFT"), pd.read_parquet(artifact.folder / "rows.parquet")


def test_the_pages_grid_is_what_the_rows_say(swept):
    (report,) = artifacts(swept, "report")
    tables = {
        name: pd.read_csv(report.folder / "tables" / f"grid_{name}.csv").set_index(["pretrain", "sft"])["mean"]
        for name in ("accuracy", "graded", "format")
    }
    seen = 0
    for cell, rows in score_tables(swept):
        counted = rows[~rows["held_out"] & ~rows["lookup"]]
        greedy, graded = counted[counted["kind"] == "greedy"], counted[counted["kind"] == "graded"]
        assert tables["accuracy"][cell] == pytest.approx(100 * greedy["correct"].mean())
        assert tables["format"][cell] == pytest.approx(100 * greedy["well_formed"].mean())
        assert tables["graded"][cell] == pytest.approx(100 * graded["gold_probability"].mean(), abs=1e-6)
        seen += 1
    assert seen == len(tables["accuracy"]) == 5


def streamed_prompts(swept, training):
    """The questions in the very batches that a training stage read, decoded."""
    parents = parents_of(swept, training)
    tokenizer = AutoTokenizer.from_pretrained(parents["tokenizer"])
    user, assistant = tokenizer.convert_tokens_to_ids(["<|user|>", "<|assistant|>"])
    plan = MixPlan.load(parents["plan"] / "plan.json")
    shards = {source.corpus: Shard.open(parents[source.corpus]) for source in plan.sources}
    left = plan.budget
    for batch in TokenStream(plan, shards).batches(8):
        for row in batch.input_ids:
            opened = np.flatnonzero(row == user)
            for start in opened:
                closed = np.flatnonzero(row[start:] == assistant)
                if closed.size:
                    yield tokenizer.decode(row[start + 1 : start + closed[0]])
        left -= batch.num_loss_tokens if plan.unit == "loss_tokens" else batch.num_tokens
        if left <= 0:
            return


def known_structures(swept):
    """Structure by question text, over all curated documents."""
    files = [each.folder / "documents.parquet" for each in artifacts(swept, "curate")]
    documents = pd.concat([pd.read_parquet(file) for file in files if file.exists()])  # a card holds none
    questions = documents[documents["prompt"] != ""]
    return dict(zip(questions["prompt"], questions["structure"], strict=True))


def test_no_structure_of_an_eval_problem_was_in_any_training_batch(swept):
    structures = known_structures(swept)
    trained = {
        structures[prompt]
        for training in (*artifacts(swept, "pretrain"), *artifacts(swept, "sft"))
        for prompt in streamed_prompts(swept, training)
    }
    asked = {structure for _, rows in score_tables(swept) for structure in rows["structure"]}
    assert len(trained) > 50 and len(asked) > 10
    assert not trained & asked


@pytest.mark.parametrize("stage", ["pretrain", "sft"])
def test_a_checkpoint_opens_with_transformers_and_generates(stage, swept):
    folder = artifacts(swept, stage)[0].folder / "model"
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": "1"}], add_generation_prompt=True, return_tensors="pt", return_dict=False
    )
    with torch.no_grad():
        generated = model.generate(prompt, max_new_tokens=4, do_sample=False)
    assert generated.shape[1] > prompt.shape[1]
    assert next(model.parameters()).dtype == torch.float32
