"""The smoke recipe made smaller still, and a door that knows the sweep `mini`: run as a script by tests."""

import subprocess
import sys
from pathlib import Path

from hydra.core.config_store import ConfigStore

from pipeline.study.config.group_files import sweep_node
from pipeline.study.door import main

SIZES = (
    "phases.trunk.tokens=6k",
    "phases.branch.tokens=8k",
    "training.checkpoint_every=2k",
    "sft.loss_tokens=1500",
    "corpora.base.world.num_documents=300",
    "corpora.ldq.world.num_documents=200",
    "corpora.shq.world.num_documents=100",
    "eval.suites.0.world.problems_per_family=1",
    "eval.max_new_tokens=8",
    "eval.traces=1",
    "eval.graded_problems=1",
    "eval.heldout_documents=10",
    "model.hidden_size=16",
    "model.intermediate_size=32",
    "model.num_hidden_layers=1",
    "block_rows=4",
    "+sft.block_rows=4",
    "tracking=off",
)
MINI = ("recipe=smoke", *SIZES)


def without(key):
    """The miniature less what it says of a key: a key may be given once only."""
    return tuple(line for line in MINI if not line.startswith(key))


def command(*args):
    return [sys.executable, __file__, *args]


def frontload(*args, cwd, env=None):
    return subprocess.run(command(*args), cwd=cwd, env=env, capture_output=True, text=True, timeout=240, check=False)


def register_mini():
    path = Path(__file__).with_name("mini.yaml")
    ConfigStore.instance().store(group="sweep", name="mini", node=sweep_node(path), package="_global_")


if __name__ == "__main__":
    register_mini()
    main()
