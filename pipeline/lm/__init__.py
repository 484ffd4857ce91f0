"""Language models: built, trained and asked. Used by pretraining, SFT and eval.

In: a plan and encoded corpora (`core.plan`, `core.shard`). Out: a checkpoint (`core.checkpoint`).
Reading order: `config`; the data - `batch`, `packing`, `stream`, `inputs`; the model - `model`, `attention`,
`objective`, `flops`; a step - `optimizer`, `schedule`, `engine`; a run - `machine`, `tally`, `curve`, `guard`, `state`,
`restart`, `session`, `loop`; and afterwards `generate`.
"""
