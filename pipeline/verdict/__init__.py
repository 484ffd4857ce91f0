"""Claims into verdicts: supported, contradicted, no difference within the margin, or undecided and by how many seeds.

In: claims that were written down before the runs, and the checkpoints of a sweep with their per-problem rows and
ledgers. Out: `verdicts.parquet`, `verdicts.json`, `contrasts.parquet`. Reading
order: `words` and `config` (what a claim is), `expression` (its contrast), `results` (what it is given), `scores` and
`groups` (one number a seed), `ledgers` (matching), `inference` (t, TOST, Holm), `decide`, `verdict` (the verb), `power`
(the planner); `surface`, `left_out` and `advice` fit what the budget sweep measured.
"""
