"""Nodes of the evaluations: of what a stage leaves, of what it keeps on the way, of a checkpoint from outside."""

from collections.abc import Mapping

from pipeline.core.duration import format_count
from pipeline.eval.config import VERSION as EVAL_VERSION
from pipeline.lm.config import VERSION as LM_VERSION
from pipeline.study.config.inputs import as_asked
from pipeline.study.nodes import work
from pipeline.study.nodes.external import checkpoint_checksum, checkpoint_label, find_checkpoint
from pipeline.study.nodes.model_nodes import ModelNodes
from pipeline.study.nodes.node import Node
from pipeline.tasks.world.dials import VERSION as WORLD_VERSION


class EvalNodes(ModelNodes):
    """Makes every node of one arm."""

    def kept_evaluations(self, key: str, trained: Node, name: str) -> dict[str, Node]:
        """One for each checkpoint that a training stage keeps on the way: `eval:pretrain:branch@400000`."""
        counts: list[int] = trained.literals["config"]["training"].get("keep_at", [])
        return {
            f"eval:{key}@{count}": self.evaluation(trained, f"{name} at {format_count(count)}", {"at": count})
            for count in counts
        }

    def evaluation(self, checkpoint: Node, name: str, which: Mapping[str, int] | None = None) -> Node:
        """which: of the checkpoints that the stage leaves; the last one where not given."""
        study = self.study
        config = as_asked(study.eval, study.context.data_root, checkpoint.stage)
        heldout = {f"heldout:{name}": self.tokenized(name) for name in study.base_mix.weights}
        return Node(
            kind="eval",
            stage="eval",
            label=f"{name}-s{study.seed}",
            version=f"{EVAL_VERSION}.{WORLD_VERSION}.{LM_VERSION}",  # generation lives in lm
            literals={"config": config.literals(), "study_key": self.world_key, **(which or {})},
            parents={"checkpoint": checkpoint, **heldout},
            seed=study.seed,
            work=work.of_eval(config),
        )

    def outside_evaluation(self, name: str) -> Node:
        """Of a checkpoint from outside the store: a folder, or a name on the hub."""
        study = self.study
        config = as_asked(study.eval, study.context.data_root)  # who trained it is not known: all
        content = checkpoint_checksum(find_checkpoint(name))
        return Node(
            kind="eval",
            stage="eval",
            label=f"{checkpoint_label(name)}-s{study.seed}",
            version=f"{EVAL_VERSION}.{WORLD_VERSION}.{LM_VERSION}",
            literals={"config": config.literals(), "study_key": self.world_key, "checkpoint": content},
            parents={},
            seed=study.seed,
            work=work.of_eval(config),
        )
