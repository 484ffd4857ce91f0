"""Frontload: where in training should reasoning data be spent?

The floors, top to bottom: `study` (the door, the stage graph, the runner); the rooms `sources`, `curate`,
`tokenize`, `mix`, `pretrain`, `sft`, `eval`, `report`, which never meet; `lm` and `tasks`; `core`.
Start reading at `study/graph.py`: one page that says which stage needs which.
"""
