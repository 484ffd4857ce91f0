"""Draws what a sweep found: one static page, its tables and its figures. It measures nothing itself.

In: arms at seeds with the artifacts that exist so far (`results`), and the verdicts on them where there are any. Out:
`index.html`, `tables/*.csv` and `*.parquet`, `figures/*.svg` and `*.png`, `cards/*/README.md`, `report.json`; equal
artifacts give equal bytes.

Reading order: `results` (what comes in), `checkpoints` (where an arm stands in the grid), `scores` (metrics
from per-problem rows), `intervals`, `grid`, `differences` and `gaps` (the numbers), `verdicts` (read, never
computed), `answer` (the sentences), `table` and `tables/` (frames for people), `figures/`, `material`, `findings`,
`splits` (what was trained on and what was asked), `backing` and `sections`, `report` (the verb), `spec` (the page as
data), `cards`, `terminal`.
"""
