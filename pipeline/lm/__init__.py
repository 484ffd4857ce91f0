"""Language models: built, trained and asked. Used by pretraining, SFT and eval.

In: a plan and encoded corpora (`core.plan`, `core.shard`). Out: a checkpoint (`core.checkpoint`).
Reading order: `config`; the data - `batch`, `packing`, `stream`, `inputs`; the model - `model`, `attention`,
`objective`, `flops`; a step - `optimizer`, `schedule`, `ranks`, `spread`, `engine`; a run - `machine`, `tally`,
`curve`, `spikes`, `culprits`, `guard`, `state`, `restart`, `kept`, `session`, `memory`, `progress`, `loop`; and
afterwards `generate`.
"""
