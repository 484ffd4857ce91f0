"""One eval stage for every checkpoint of every kind: per-problem rows first, means only from them.

In: a checkpoint (`core.checkpoint`), suites of problems (`tasks.suite`), encoded corpora whose held-out
shard is scored. Out: `rows.parquet` (`core.scores`), `bits.parquet` (one row a document), `summary.json`.

Reading order: `config`, `evaluate` (the verb), `examinee` (the model with its tokenizer: text in, text
out), `greedy`, `graded` and `bits` (the three measurements), `benchmarks` (through the harness), `rows` (their table),
`summary` (means and intervals, from the table alone); `stored` and `agreement` (the same scorers on completions
from a file, held against labels).
"""
