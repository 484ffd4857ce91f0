"""Language models: built, trained and asked. Used by pretraining, SFT and eval.

In: a plan and encoded corpora (`core.plan`, `core.shard`). Out: a checkpoint (`core.checkpoint`).
Three parts, the first two of which do not meet: `training` (the one loop of pretraining and SFT), `generation` (what a
checkpoint says, for eval) and `models` under both; `config`, `kinds` and `hybrids` say what may be asked for.
"""
