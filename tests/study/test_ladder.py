"""Each rung of the ladder: built on the meta device, its numbers by the one rule, and composed into an arm."""

import math
import re
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerFast

from pipeline.core.chat import END, PAD
from pipeline.core.duration import format_count
from pipeline.lm.models import model
from pipeline.lm.models.flops import weightless
from pipeline.study.config.sweep import compose_arms
from pipeline.study.graph import arm_graph

SCALES = Path(__file__).parents[2] / "recipes" / "scale"
RUNGS = ("300k", "3m", "10m", "30m", "150m", "350m", "1b", "3b", "8b", "8b_hybrid")


class Words(PreTrainedTokenizerFast):
    """Of a tokenizer a model's config needs its size and two marks."""

    def __init__(self, size):
        self.size = size

    def __len__(self):
        return self.size

    def convert_tokens_to_ids(self, token):
        return {PAD: 0, END: 1}[token]


def shortened(count):
    """As the files write it: three digits and a letter."""
    return format_count(float(f"{count:.3g}"))


def named_size(rung):
    number, letter = re.fullmatch(r"(\d+)([kmb])(?:_hybrid)?", rung).groups()
    return int(number) * {"k": 1e3, "m": 1e6, "b": 1e9}[letter]


@pytest.mark.parametrize("name", RUNGS)
def test_a_rung_is_of_its_size_and_its_numbers_follow_the_rule(name, study):
    arm = study("recipe=ladder", f"scale={name}")
    rung = arm.rung
    config = model.transformers_config(arm.model, Words(rung.vocabulary))
    num_parameters = sum(parameter.numel() for parameter in weightless(config).parameters())
    assert num_parameters == pytest.approx(named_size(name), rel=0.05)
    assert num_parameters == pytest.approx(rung.num_parameters, rel=0.005)

    num_tokens = rung.tokens_per_param * num_parameters
    flops = 6 * num_parameters * num_tokens
    rate, batch_tokens = 0.3118 * flops**-0.1250, 0.2920 * flops**0.3271  # Bi et al. 2024, equation 1
    assert (arm.optimizer.lr, arm.sft.optimizer.lr) == (float(f"{rate:.2g}"), float(f"{rate / 10:.2g}"))
    assert arm.training.batch_rows == max(8, 8 * round(batch_tokens / rung.sequence_length / 8))
    assert arm.phases["trunk"].tokens == pytest.approx(0.6 * num_tokens, rel=0.005)
    assert arm.phases["branch"].tokens == pytest.approx(0.4 * num_tokens, rel=0.005)
    assert arm.training.checkpoint_every == pytest.approx(0.05 * num_tokens, rel=0.005)
    assert arm.sequence_length == rung.sequence_length

    tied = "tied" if arm.model.tie_word_embeddings else "untied"
    vocabulary = f"a vocabulary of {rung.vocabulary} ({tied})"
    first = f"# {name}: {shortened(num_parameters)} parameters with {vocabulary}, {shortened(num_tokens)} tokens"
    assert (SCALES / f"{name}.yaml").read_text().splitlines()[0] == f"{first}, {flops:.2g} FLOPs."


def test_the_papers_numbers_in_the_comment_are_the_rules():
    flops = 6 * 8.1e9 * 1e12
    comment = (SCALES / "8b_hybrid.yaml").read_text()
    assert f"{0.2920 * flops**0.3271 / 1e6:.1f}M and {0.3118 * flops**-0.125:.1e}".replace("e-04", "e-4") in comment
    assert f"({math.ceil(1e12 / 8.1e9)} a parameter)" in comment


def test_no_rung_is_missing_and_a_rung_gives_a_graph(study):
    others = {"real_text", "tiny", "tunnel"}
    assert {path.stem for path in SCALES.glob("*.yaml")} - others == set(RUNGS)
    assert list(arm_graph(study("recipe=ladder", "scale=150m")))[-1] == "eval:sft"


@pytest.mark.parametrize("name", RUNGS)
def test_a_rung_composes_with_the_recipes_that_have_budgets_of_their_own(name, study):
    arm = study("recipe=tunnel", f"scale={name}")
    own = study("recipe=tunnel")
    assert (arm.phases, arm.training) == (own.phases, own.training)
    assert (arm.optimizer.lr, arm.model.hidden_size) != (own.optimizer.lr, own.model.hidden_size)


def test_a_sweep_over_sizes_is_checked_before_it_starts():
    points = [("recipe=ladder", f"scale={name}", "pretrain_mix=ldq") for name in ("300k", "3m")]
    assert [arm.rung.batch_rows for _, arm in compose_arms(points)] == [24, 96]
