"""Nodes of what trains and of what is trained: mix, pretrain, sft."""

from collections.abc import Mapping

from pipeline.lm.config import VERSION as LM_VERSION
from pipeline.mix.config import VERSION as MIX_VERSION
from pipeline.mix.config import Mixing
from pipeline.pretrain.config import VERSION as PRETRAIN_VERSION
from pipeline.pretrain.config import Pretrain
from pipeline.sft.config import VERSION as SFT_VERSION
from pipeline.sft.config import Sft
from pipeline.study.config.arm_names import arm_name, sft_name
from pipeline.study.config.schema import Phase, Study
from pipeline.study.nodes import work
from pipeline.study.nodes.blend import phase_mixing, sft_mixing
from pipeline.study.nodes.data_nodes import DataNodes
from pipeline.study.nodes.node import Node

LOSS_SHARE = 0.4  # of an SFT corpus's tokens; for the ETA only, which needs tokens of input


class ModelNodes(DataNodes):
    """Makes the nodes of one arm's training."""

    def __init__(self, study: Study) -> None:
        super().__init__(study)
        self.order_key = f"{self.world_key}/replicate{study.replicate}"  # redraws what lies after the trunk

    def phase_mix(self, name: str, phase: Phase) -> Node:
        """The plan of one phase."""
        study = self.study
        is_trunk = name == next(iter(study.phases))
        order_key = self.world_key if is_trunk else self.order_key
        config = phase_mixing(study, phase, f"{order_key}/{name}")
        return self._mix(config, f"{name}-{study.pretrain_mix.name if phase.reasoning else study.base_mix.name}")

    def sft_mix(self) -> Node:
        """The plan of SFT."""
        return self._mix(sft_mixing(self.study, f"{self.order_key}/sft"), f"sft-{sft_name(self.study)}")

    def _mix(self, config: Mixing, label: str) -> Node:
        return Node(
            kind="mix",
            stage="mix",
            label=label,
            version=str(MIX_VERSION),
            literals={"config": config.literals()},
            parents={name: self.tokenized(name) for name in config.weights},
            seed=self.study.seed,
            work=work.SECONDS_OF_A_MIX,
        )

    def pretrain(self, name: str, phase: Phase, mix: Node, previous: Node | None) -> Node:
        """One phase; `previous` is the phase before it."""
        study = self.study
        config = Pretrain(
            model=study.model,
            optimizer=study.optimizer,
            schedule=phase.schedule(),
            training=study.training.model_copy(update={"keep_at": study.kept_in_phases()[name]}),
            init_key=f"{self.world_key}/init" if previous is None else "",
        )
        seconds = work.of_training(study.model, study.training, phase.tokens)
        return self._train("pretrain", f"{PRETRAIN_VERSION}.{LM_VERSION}", mix, config.literals(), previous, seconds)

    def sft(self, checkpoint: Node, mix: Node) -> Node:
        """Fine-tuning of a checkpoint."""
        recipe = self.study.sft
        training = recipe.training.model_copy(update={"keep_at": self.study.kept_in_sft()})
        config = Sft(optimizer=recipe.optimizer, schedule=recipe.schedule, training=training)
        tokens = recipe.budget if recipe.unit == "tokens" else recipe.budget / LOSS_SHARE
        seconds = work.of_training(self.study.model, recipe.training, tokens)
        return self._train("sft", f"{SFT_VERSION}.{LM_VERSION}", mix, config.literals(), checkpoint, seconds)

    def _train(
        self, stage: str, version: str, mix: Node, config: Mapping[str, object], previous: Node | None, seconds: float
    ) -> Node:
        label = mix.label if stage == "pretrain" else arm_name(self.study)
        start = {} if previous is None else {"checkpoint": previous}
        return Node(
            kind=stage,
            stage=stage,
            label=f"{label}-s{self.study.seed}",
            version=version,
            literals={"config": dict(config)},
            parents={"plan": mix, "tokenizer": self.tokenizer(), **start, **mix.parents},
            seed=self.study.seed,
            work=seconds,
        )
