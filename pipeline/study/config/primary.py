"""The primary config, which the groups are composed into, and the help."""

from typing import Any

PRIMARY: dict[str, Any] = {
    "defaults": [
        "_self_",
        {"base_mix": "base"},
        {"pretrain_mix": "ldq"},
        {"sft_mix": "shq"},
        {"suites": []},
        {"benchmarks": []},
        {"probes": []},
        {"recipe": "tunnel"},
        {"sweep": None},
        {"override hydra/job_logging": "stdout"},  # the default writes a log file into the folder it is called from
        {"override hydra/hydra_logging": "none"},
    ],
    "stage": "all",
    "seed": 0,
    "replicate": 0,
    "corpus": None,
    "other_corpus": None,
    "claim": None,
    "allocation": None,
    "advice": None,
    "results": "docs/results",
    "force": False,
    "store": "runs",
    "data_root": None,
    "checkpoint": None,
    "completions": None,
    "between": [],
    "workers": 0,
    "ranks": 0,
    "tracking": "offline",
    "lock": "kernel",
    "executor": {  # core.executor's defaults; to import them would take the help a third of a second more
        "kind": "local",
        "workers": 1,
        "tasks": 0,
        "partition": "",
        "time": "24:00:00",
        "qos": "",
        "cpus_per_task": 1,
        "mem_per_cpu_gb": 4,
        "setup": "",
        "sbatch": {},
        "use_srun": True,
    },
    "plan": {"gpus": 8, "peak_tflops": 989.0, "memory_gb": 80.0, "mfu": 0.4, "bytes_a_token": 4.0},
    "recipe_says": "",
    "tokenizer_corpora": [],
    "suites": {},
    "benchmarks": {},
    "probes": {},
    "loss": "all",
    "eval": {"engine": "auto"},
    "hydra": {
        "output_subdir": None,
        "run": {"dir": "."},
        "sweep": {"dir": "${store}/.hydra", "subdir": "."},  # a sweep leaves its multirun.yaml
        "job": {"name": "frontload", "chdir": False},
        "callbacks": {"frontload": {"_target_": "pipeline.study.callback.SweepCallback"}},
        "help": {"app_name": "frontload", "template": "???"},
    },
}

HELP = """Frontload: where in training should reasoning data be spent?

frontload                                   one arm of the default recipe, all stages
frontload pretrain_mix=ldq sft_mix=shq      another arm; what is shared is not computed again
frontload stage=sft sft.passes=2            one stage by name (force=true: again, that stage alone)
frontload -m sweep=asymmetry                every arm of a sweep; interrupted, the same line carries on
frontload stage=eval checkpoint=PATH        any checkpoint, put to the recipe's suites
frontload stage=report sweep=asymmetry      tables and plots from what the store holds
frontload stage=plan recipe=paper_8b        tokens, passes, parameters, FLOPs, GPU-hours, memory, disk; runs nothing
frontload stage=curate corpus=A             one corpus curated, and its card: size, diversity, depth, quality, drops
frontload stage=compare corpus=A other_corpus=B   two cards side by side, and how far the corpora overlap
frontload stage=verdict|power sweep=S       the sweep's claims judged; how many seeds they need
frontload stage=export|advise sweep=S       results to be committed; how to divide pools of data
frontload stage=tell sweep=S                its figures and tables into docs/RESULTS.md, from what was committed
frontload stage=ls|why|verify|gc            what the store holds, why a stage would run again
frontload stage=score completions=FILE      the scorers of the recipe's suites on completions from elsewhere
frontload stage=crossover between=[A,B]     the k at which pass@k of one eval overtakes that of another
frontload stage=publish                     the world's eval problems as tasks for lm_eval, for any model
frontload stage=publish sweep=asymmetry     the page as a W&B report (tracking=online); else what it would hold
frontload benchmarks=[gsm8k,mmlu]           benchmarks beside the recipe's suites (data_root=PATH)

stages: sources curate tokenize mix pretrain sft eval report; all (default)

== Groups (group=option) ==
$APP_CONFIG_GROUPS
Any key of `frontload --cfg job` can be set: frontload sft.optimizer.lr=1e-4 phases.branch.tokens=1M
"""
