"""Supervised fine-tuning. In: a checkpoint, a mix's plan, encoded corpora, the tokenizer. Out: a checkpoint.

Reading order: `config`, `sft`; the loop itself is `lm.loop`.
"""
