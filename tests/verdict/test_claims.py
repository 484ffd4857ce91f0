"""What a claim may say, and what is said of a wrong one."""

import pytest
from pydantic import ValidationError
from simulated import claim, claims

from pipeline.verdict.expression import contrast_of, moments_of


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("ldq - shq", {"ldq": 1, "shq": -1}),
        ("mean(shq, ldq) - none", {"shq": 0.5, "ldq": 0.5, "none": -1}),
        ("none > 2x shq - shq > shq", {"none > 2x shq": 1, "shq > shq": -1}),
        ("(lmq > shq - ldq > shq) - (lmq - ldq)", {"lmq > shq": 1, "ldq > shq": -1, "lmq": -1, "ldq": 1}),
        ("(a - b) - (a - c)", {"b": -1, "c": 1}),
        ("mean(a > 0.5x b) - c-d_1", {"a > 0.5x b": 1, "c-d_1": -1}),
    ],
)
def test_a_contrast_is_weights_of_checkpoints(text, weights):
    assert contrast_of(text) == pytest.approx(weights)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ldq", "its weights sum to 1; write A - B"),
        ("ldq - ldq", "compares a checkpoint with itself"),
        ("ldq - ", "where a checkpoint such as"),
        ("ldq - shq)", r"does not go on with '\)'"),
        ("(ldq - shq", r"lacks a '\)'"),
        ("mean(ldq, ldq) - shq", "twice in one mean"),
        ("ldq & shq - none", "'ldq & shq' where a checkpoint"),
        ("a > b > c > d - e", "where a checkpoint"),
    ],
)
def test_a_contrast_that_is_none_is_told_so_with_its_text(text, message):
    with pytest.raises(ValueError, match=message) as caught:
        contrast_of(text)
    assert repr(text) in str(caught.value)


def test_a_checkpoints_name_tells_the_training_it_comes_from():
    assert moments_of({"ldq": 1, "ldq > shq": -1}) == {"pretrain", "sft"}
    assert moments_of({"ldq > shq > rl": 1}) == {"rl"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"contrast": "ldq > shq - none > shq"}, "after: pretrain does not fit .* come after sft"),
        ({"contrast": "ldq > shq - ldq", "after": "sft"}, "come after pretrain and sft"),
        ({"metric": "f1"}, "'accuracy', 'graded', 'format' or 'bits_per_byte'"),
        ({"after": "dpo"}, "'pretrain', 'sft', 'both' or 'rl'"),
        ({"matched": ["tokens", "repetition"]}, "repetition cannot be both matched and differing"),
        ({"matched": ["watts"]}, "'tokens'"),
        ({"contrast": ["a - b", "b - c"], "expects": "same"}, "same is for one contrast; write 2 claims"),
        ({"metric": "bits_per_byte", "group": "held_out"}, "has no groups of problems"),
        ({"matters": 0}, "greater than 0"),
        ({"sign": "+"}, "Extra inputs"),
    ],
)
def test_a_claim_that_cannot_be_judged_is_refused(fields, message):
    with pytest.raises(ValidationError, match=message):
        claim(**fields)


def test_at_most_four_primary_claims_share_the_correction():
    with pytest.raises(ValidationError, match=r"5 primary claims .* at most 4"):
        claims(**{f"C{number}": claim(primary=True) for number in range(5)})


def test_the_hash_moves_with_whatever_a_claim_says():
    first = claims(C1=claim())
    assert first.hash == claims(C1=claim()).hash
    assert (
        len({first.hash, claims(C1=claim(matters=4)).hash, claims(C2=claim()).hash, claims(C1=claim(note="n")).hash})
        == 4
    )
