"""Pretraining: one phase of it. In: a mix's plan, encoded corpora, a tokenizer, the phase before. Out: a checkpoint.

Reading order: `config`, `pretrain`; the loop itself is `lm.loop`.
"""
