"""An eval that runs code is refused where it cannot be isolated, before anything is trained."""

import pytest

from pipeline.core.errors import UserError
from pipeline.study.nodes.node import Node
from pipeline.study.run.fit import check_sandbox
from pipeline.tasks.code.config import CodeSuite
from pipeline.tasks.sandbox.ready import require_sandbox
from pipeline.tasks.suite import Suite


def node(stage, benchmark):
    suite = Suite(name="code", code=CodeSuite(benchmark=benchmark, path="x.jsonl", num_problems=1))
    literals = {"config": {"suites": [suite.literals()]}}
    return Node(kind=stage, stage=stage, label="", version="1", literals=literals, parents={}, seed=0, work=1.0)


def test_only_an_eval_to_come_that_runs_code_asks_for_the_sandbox(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    require_sandbox.cache_clear()
    check_sandbox([])
    check_sandbox([node("eval", "cruxeval"), node("curate", "humaneval")])
    with pytest.raises(UserError, match="there is no `bwrap` on PATH; install the package `bubblewrap`"):
        check_sandbox([node("pretrain", "mbpp"), node("eval", "mbpp")])
