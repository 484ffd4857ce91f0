"""Who is timed by `benchmarks/training.py`: each in a process of its own, on the same rows, from the same weights.

Reading order: `job` (what a process is told and tells), `text`, `world` (rows, models, clock), `ours`, `trainers` and
`plain` (the contenders), `__main__` (the process), `rounds`, `core_speed` and `tables`.
"""
