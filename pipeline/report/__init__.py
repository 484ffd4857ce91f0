"""Draws what a sweep found: one static page, its tables and its figures. It measures nothing itself.

In: arms at seeds with the artifacts that exist so far (`results`). Out: `index.html`, `tables/*.csv` and
`*.parquet`, `figures/*.svg` and `*.png`; equal artifacts give equal bytes.

Reading order: `results` (what comes in), `checkpoints` (where an arm stands in the grid), `scores` (metrics
from per-problem rows), `intervals`, `grid` and `differences` (the numbers), `answer` (the sentences),
`table` and `tables/` (frames for people), `figures/`, `sections`, `report` (the verb), `terminal`.
"""
