"""Benchmarks whose answer is code, or what code does: HumanEval, MBPP, CRUXEval's output prediction.

In: their published files below `data_root`. Out: problems (`tasks.score.TaskProblem`, with a check), and scores
of completions: programs run in `tasks.sandbox`, literals are compared by value and never evaluated.

Reading order: `config`, `check` (what is checked of a completion), `rows` (files to problems), `extract`
(completion to code), `scoring`.
"""
