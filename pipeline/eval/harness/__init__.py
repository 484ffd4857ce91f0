"""Benchmarks on the model in memory through EleutherAI's harness: its prompts and scorers, our generation and rows.

In: the examinee and a suite (`tasks.harness.config`). Out: rows (`core.scores`), one for each problem and sample,
and a summary with the domain means.

Reading order: `run` (the verb), `model` (the examinee as the harness's model; `asking`, `until`, `reading` and
`likelihood` are what it does), `rows`, `summary`, `domains`; `stored` (the same scorers on completions from a file).
"""
