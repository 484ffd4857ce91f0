"""The words that a claim may use: moments, signs, metrics, groups, and what sides may differ in."""

from typing import Literal

PLAIN = ("trained", "held_out", "every", "lookup")  # groups of problems
BY_CORPUS = ("shared", "neither")  # groups that follow from what the contrasted corpora hold

Expects = Literal["above", "below", "same", "not above", "not below"]
After = Literal["pretrain", "sft", "both", "rl"]
MetricName = Literal["accuracy", "graded", "format", "bits_per_byte"]
Currency = Literal[
    "tokens",
    "loss_tokens",
    "sft_tokens",
    "sft_loss_tokens",
    "reasoning_tokens",
    "unique_tokens",
    "repetition",
    "sft_unique_tokens",
    "sft_repetition",
    "flops",
]
Trait = Literal[
    "data",
    "diversity",
    "quality",
    "depth",
    "length",
    "timing",
    "exposure",
    "learning_rate",
    "format",
    "model_size",
    "seed",
]
