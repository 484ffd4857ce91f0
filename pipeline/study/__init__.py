"""The Hydra door, the typed config, the stage graph and the runner.

In: a command line. Out: artifacts in the store, a table on the terminal, a page.
Reading order: `config` (`register` and `door`: how a command line gets here; `schema`: what can be configured), `graph`
and `nodes` (which stage needs which; `verbs`: which room does it), `run` (`runner` and `worker`: many nodes, one node;
`follow` and `board`: one node on many ranks; `tracker`, `mirror`, `view`: what is told meanwhile), `callback` (many
arms), `commands` (what `stage=` can name), `plan`, `results` and `questions` (what they ask).
"""
