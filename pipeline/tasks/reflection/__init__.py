"""Reflection (arXiv 2504.04022): whether a model that is shown a wrong chain of thought still finds the right answer.

In: a suite's config and a study key, or a model's own answers. Out: adversarial items (situational: a true trace
with one edited step; self: the model's own wrong trace), the classifier of explicit reflection, the metrics.
Reading order: `chain` (traces as programs), `world_chain` and `gsm8k_chain` (how they are read), `perturb` (the
seven edits), `config`, `items`, `explicit`, `metrics`.
"""
