"""Generation and scoring on tiny random models, against transformers' own and against one row at a time."""

from math import log

import pytest
import torch
from transformers import (
    Lfm2Config,
    Lfm2ForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    NemotronHConfig,
    NemotronHForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from pipeline.core.seeds import rng
from pipeline.lm.generation.generate import Sampling, choose, generate
from pipeline.lm.generation.scoring import Scored, token_logprobs

SIZES = {
    "vocab_size": 40,
    "hidden_size": 32,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 48,
    "max_position_embeddings": 256,
    "pad_token_id": 0,
    "eos_token_id": 1,
    "bos_token_id": None,
    "initializer_range": 0.2,  # large enough that what is said depends on what was asked
}
MAMBA = {"head_dim": 8, "mamba_num_heads": 8, "mamba_head_dim": 8, "n_groups": 2, "ssm_state_size": 8, "chunk_size": 16}
PLAIN = {
    "qwen3": (Qwen3ForCausalLM, Qwen3Config(num_hidden_layers=2, head_dim=8, **SIZES)),
    "llama": (LlamaForCausalLM, LlamaConfig(num_hidden_layers=2, **SIZES)),
    "lfm2": (Lfm2ForCausalLM, Lfm2Config(layer_types=["conv", "full_attention", "conv"], num_hidden_layers=3, **SIZES)),
    "nemotron_h": (NemotronHForCausalLM, NemotronHConfig(hybrid_override_pattern="M*-M", **MAMBA, **SIZES)),
}


def make_model(kind="qwen3"):
    kinds, config = PLAIN[kind]
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return kinds._from_config(config, attn_implementation="sdpa").eval()


def make_prompts(count=18):
    stream = rng("prompts")
    prompts = [[stream.randrange(2, 40) for _ in range(stream.randint(1, 30))] for _ in range(count)]
    return [*prompts, prompts[0], prompts[5]]


def transformers_answers(model, prompts, end, max_new_tokens):
    """One prompt at a time: no padding, no batch, nothing of ours."""
    answers = []
    for prompt in prompts:
        ids = torch.tensor([prompt])
        output = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=max_new_tokens,
            eos_token_id=end,
            pad_token_id=0,
        )
        answers.append(output[0, len(prompt) :].tolist())
    return answers


@pytest.mark.parametrize(("kind", "longest"), [("qwen3", 48), ("llama", 48), ("lfm2", 48), ("nemotron_h", 16)])
def test_greedy_answers_are_those_of_transformers(kind, longest):
    model, prompts = make_model(kind), make_prompts()
    endless = generate(model, prompts, end=-1, max_new_tokens=longest, batch_size=64)
    # The end mark becomes the token that completions reach at the most different places.
    end = max(range(2, 40), key=lambda token: len({row.index(token) for row in endless if token in row}))
    expected = transformers_answers(model, prompts, end, longest)
    assert len({len(answer) for answer in expected}) > 3
    for batch_size in (4, 64):
        assert generate(model, prompts, end=end, max_new_tokens=longest, batch_size=batch_size) == expected


@pytest.mark.parametrize("kind", ["qwen3", "lfm2"])
def test_rows_whose_place_nobody_takes_disturb_no_other(kind):
    model, stream = make_model(kind), rng("late")
    prompts = [[stream.randrange(2, 40) for _ in range(stream.randint(5, 30))] for _ in range(40)]
    for end in (5, 10, 17):
        expected = generate(model, prompts, end=end, max_new_tokens=24, batch_size=1)
        for batch_size in (9, 12):
            assert generate(model, prompts, end=end, max_new_tokens=24, batch_size=batch_size) == expected


def test_a_sample_depends_on_its_key_and_not_on_its_neighbours():
    model, prompts = make_model(), make_prompts()
    keys = [("sample", number) for number in range(len(prompts))]

    def sample(rows, batch_size):
        sampling = Sampling(temperature=1.0, keys=[keys[row] for row in rows])
        chosen = [prompts[row] for row in rows]
        return generate(model, chosen, end=1, max_new_tokens=40, batch_size=batch_size, sampling=sampling)

    together = sample(range(20), 64)
    assert sample(range(20), 3) == together
    assert sample([7, 2, 18], 64) == [together[7], together[2], together[18]]
    assert prompts[18] == prompts[0]
    assert together[18] != together[0]


def test_a_number_picks_the_token_whose_share_of_the_distribution_it_falls_into():
    logits = torch.tensor([[log(0.5), -torch.inf, log(0.25), log(0.25)]] * 6)
    uniforms = torch.tensor([0.0, 0.4999, 0.5001, 0.7499, 0.7501, 0.99999999], dtype=torch.float64)
    assert choose(logits, 1.0, uniforms).tolist() == [0, 0, 2, 2, 3, 3]
    # At temperature 1/2 the shares are squared: 4/6, 1/6, 1/6.
    assert choose(logits[:3], 0.5, torch.tensor([0.66, 0.67, 0.84], dtype=torch.float64)).tolist() == [0, 2, 3]


def test_the_end_mark_is_kept_and_nothing_follows_it():
    model, prompts = make_model(), [[5, 6, 7]]
    free = generate(model, prompts, end=-1, max_new_tokens=6, batch_size=1)[0]
    stopped = generate(model, prompts, end=free[2], max_new_tokens=6, batch_size=1)[0]
    assert stopped == free[: free.index(free[2]) + 1]


def test_progress_hears_of_every_prompt_and_no_prompt_is_no_work():
    heard = []
    generate(make_model(), make_prompts(), end=1, max_new_tokens=2, batch_size=10, advance=heard.append)
    assert heard == [10, 10]
    assert generate(make_model(), [], end=1, max_new_tokens=2, batch_size=10) == []


def test_log_probabilities_are_those_of_each_sequence_alone():
    model = make_model()
    sequences = [Scored.after([2, 3, 4], [5, 6]), Scored([9, 8, 7, 6, 5, 4]), Scored([3]), Scored.after([8], [1])]
    found = token_logprobs(model, sequences, batch_size=3)
    assert [len(values) for values in found] == [2, 5, 0, 1]
    for sequence, values in zip(sequences, found, strict=True):
        with torch.no_grad():
            table = model(torch.tensor([sequence.tokens])).logits[0].log_softmax(-1)
        expected = [float(table[i - 1, sequence.tokens[i]]) for i in range(sequence.start, len(sequence.tokens))]
        assert values.tolist() == pytest.approx(expected, abs=1e-5)
