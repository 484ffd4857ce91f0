"""The Hydra door, the typed config, the stage graph and the runner.

In: a command line. Out: artifacts in the store, a table on the terminal, a page.
Reading order: `schema` (what can be configured) and `parsing`, `graph` (which stage needs which), `verbs` (which
room does it), `runner` and `worker` (many nodes; one node), `follow` and `board` (one node on many ranks), `tracker`,
`mirror` and `view` (what is told meanwhile), `sweep` and `callback` (many arms), `questions` (what the store holds),
`register` and `door` (how a command line gets here).
"""
