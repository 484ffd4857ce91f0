"""The one loop of pretraining and SFT: from a plan and encoded corpora to a checkpoint, exactly.

Reading order: the data - `batch`, `packing`, `stream`, `interleave`, `inputs`; a step - `objective`, `muon`,
`optimizer`, `schedule`, `ranks`, `spread`, `starting`, `engine`; a run - `tally`, `curve`, `spikes`, `culprits`,
`guard`, `state`, `restart`, `kept`, `session`, `saving`, `memory`, `progress`, `loop`; `card`, the checkpoint's README.
"""
