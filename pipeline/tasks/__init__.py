"""What models are asked: the wind tunnel's world, benchmarks read from files, and the one scorer of both.

In: a suite's config and a study key. Out: problems to ask, scores of what was answered, and - for the
data rooms - the world's documents. Reading order: `problem`, `world` (lexicon, families, split, trace,
dials, base_text, lookup, corpus), `gsm8k`, `harness` (EleutherAI's tasks over local files), `suite`, `ask`, `score`.
"""
