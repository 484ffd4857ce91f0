"""Training that cannot go well, asked for on the command line: one line, exit code 2, nothing computed or left."""

import pytest
from test_bad_input import run  # noqa: F401 - a fixture

TABLE = [
    (["optimizer.lr=0"], "a learning rate of 0.0 trains nothing; give a positive number"),
    (["optimizer.lr=nan"], "a learning rate of nan trains nothing; give a positive number"),
    (["sft.optimizer.lr=-1e-3"], "a learning rate of -0.001 trains nothing; give a positive number"),
    (["optimizer.lr=inf"], "a learning rate of inf trains nothing; give a positive number"),
    (["+training.micro_batch_rows=7"], "micro_batch_rows 7 does not divide batch_rows "),
    (["training.batch_rows=0"], "training.batch_rows=0: "),
    (["+model.extra.vocab_size=10"], "model.extra.vocab_size 10 is smaller than the tokenizer's "),
    (["model.model_type=gpt2"], "model_type 'gpt2' cannot be packed; use one of llama, "),
    (["model.num_attention_heads=5"], "is no multiple of num_attention_heads 5; change one"),
    (["sft.sequence_length=600"], "sequence_length 600 is over model.max_position_embeddings 512"),
    (["phases.trunk.warmup=0.9", "+phases.trunk.decay=0.9"], "are more than the whole stage; lower one"),
    (["+training.keep_at=[5,4]"], "does not rise"),
]


@pytest.mark.parametrize(("args", "line"), TABLE, ids=[" ".join(args) for args, _ in TABLE])
def test_a_mistake_in_training_is_found_before_anything_runs(args, line, run, tmp_path):  # noqa: F811
    code, said = run("tracking=off", "recipe=smoke", "store=runs", *args)
    assert code == 2, said
    assert said.startswith("frontload: ") and said.count("\n") == 1
    assert line in said
    assert not list(tmp_path.iterdir())
