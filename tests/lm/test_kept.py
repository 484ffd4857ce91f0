import orjson
import pytest
from pydantic import ValidationError
from test_loop import TRAINING, contents, make_run, train_into
from test_restart import InterruptAt, StopHereError
from transformers import AutoModelForCausalLM

from pipeline.core.checkpoint import Checkpoint
from pipeline.core.errors import UserError
from pipeline.lm.config import Training
from pipeline.lm.training import kept

KEEPING = Training(batch_rows=8, log_every=4, checkpoint_every="1k", keep_at=("300", 2_400, 2410, "3k"))


def counts(out):
    return sorted(int(folder.name) for folder in (out / "at").iterdir())


@pytest.fixture
def whole(training_world, tmp_path):
    ledger = train_into(tmp_path / "whole", make_run(training_world, training=KEEPING))
    return ledger, contents(tmp_path / "whole")


def test_listed_counts_are_kept_after_the_step_that_reaches_them_and_open(training_world, tmp_path, whole):
    done = Checkpoint(tmp_path / "whole")
    assert counts(done.folder) == [300, 2400, 2410, 3000]
    positions = [orjson.loads((done.at(count).folder / "position.json").read_bytes()) for count in counts(done.folder)]
    tokens = [position["tokens"] for position in positions]
    assert [position["step"] for position in positions] == [2, 11, 11, 13]  # of 8 x 32 tokens, a little padding
    assert 300 <= tokens[0] < 556
    assert tokens[1] == tokens[2]
    assert tokens[3] == 3000
    assert AutoModelForCausalLM.from_pretrained(done.at(300).model).config.hidden_size == 16
    weights = [(folder / "model.safetensors").read_bytes() for folder in (done.at(2400).model, done.at(3000).model)]
    assert weights[0] != weights[1] == (done.model / "model.safetensors").read_bytes()


def test_keeping_changes_nothing_else(training_world, tmp_path, whole):
    ledger = train_into(tmp_path / "plain", make_run(training_world))
    files = {name: data for name, data in whole[1].items() if not name.startswith("at/")}
    assert (ledger, contents(tmp_path / "plain")) == (whole[0], files)


@pytest.mark.parametrize("at", [4, 8, 12])
def test_after_an_interruption_each_count_is_kept_once_and_none_is_missing(training_world, tmp_path, whole, at):
    out = tmp_path / "out"
    with pytest.raises(StopHereError):
        train_into(out, make_run(training_world, training=KEEPING), InterruptAt(at))
    ledger = train_into(out, make_run(training_world, training=KEEPING))
    assert (ledger, contents(out)) == whole


def test_what_was_kept_after_the_restart_point_goes(tmp_path):
    for name in ("000000000100", "000000000300", ".000000000200.draft"):
        (tmp_path / "at" / name).mkdir(parents=True)
    kept.tidy(tmp_path, 150)
    assert [folder.name for folder in (tmp_path / "at").iterdir()] == ["000000000100"]


def test_a_count_over_the_budget_is_refused_before_anything_is_trained(training_world, tmp_path):
    with pytest.raises(UserError, match=r"training.keep_at 3000 is over the budget of 2999 tokens; leave it out"):
        train_into(tmp_path / "out", make_run(training_world.planned(budget=2999), training=KEEPING))
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("wrong", [[0], [200, 100], [100, 100]])
def test_counts_rise_from_above_zero(wrong):
    with pytest.raises(ValidationError, match="does not rise from above 0; order the counts, each once"):
        Training(**TRAINING.literals() | {"keep_at": wrong})


def test_runs_that_keep_nothing_have_the_identity_they_had():
    assert not {"keep_at", "restart_points"} & TRAINING.literals().keys()
    other = Training(**TRAINING.literals() | {"keep_at": ["1k"], "restart_points": 3})
    assert other.literals() == TRAINING.literals() | {"keep_at": [1000], "restart_points": 3}
    assert Training.model_validate(other.literals()) == other
