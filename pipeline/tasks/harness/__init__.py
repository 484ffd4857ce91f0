"""EleutherAI's harness as a source of benchmarks, and as a way to publish the world's tasks. No network, ever.

In: a suite's config (`config`) and files below `data_root`. Out: the harness's own task objects, whose prompts,
targets and scorers are untouched and whose data are local; or a line that says what is missing and how to
get it.

Reading order: `config`, `find` (which YAML), `local` and `readers` (which files stand for which data set),
`task` (the harness's task over local rows), `load` (a task, or what is missing), `offline`, `ask` (the same
problems for decontamination), `publish` and `world_utils` (the world's tasks as a folder for `lm_eval`).
"""
