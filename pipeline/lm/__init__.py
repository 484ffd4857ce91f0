"""Language models: built, trained and asked. Used by pretraining, SFT and eval.

In: a plan and encoded corpora (`core.plan`, `core.shard`). Out: a checkpoint (`core.checkpoint`).
Reading order: `config`; the data - `batch`, `packing`, `stream`, `inputs`; the model - `model`, `attention`,
`objective`, `flops`; a step - `muon`, `optimizer`, `schedule`, `ranks`, `spread`, `engine`, `starting`; a run -
`machine`, `tally`, `curve`, `spikes`, `culprits`, `guard`, `state`, `restart`, `kept`, `session`, `saving`, `memory`,
`progress`, `loop`; and afterwards `generate`, which is one `completer` of eval's prompts, `by_vllm` another
(`backends`: which is there).
"""
