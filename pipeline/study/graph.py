r"""Which stage needs which: one arm as a graph of nodes.

    sources -> curate -> tokenize -> mix -> pretrain (phase after phase) -> sft -> eval
                                                    \________________________> eval

`rl` will stand between `sft` and its eval, `verdict` between eval and `report`.
Every literal that can change a result is put in here, and nothing else: look for a number that is missing
from a fingerprint on this page.
"""

from collections.abc import Mapping
from typing import Any

from pipeline.core.duration import format_count
from pipeline.curate.config import VERSION as CURATE_VERSION
from pipeline.eval.config import VERSION as EVAL_VERSION
from pipeline.lm.config import VERSION as LM_VERSION
from pipeline.mix.config import VERSION as MIX_VERSION
from pipeline.mix.config import Mixing
from pipeline.pretrain.config import VERSION as PRETRAIN_VERSION
from pipeline.pretrain.config import Pretrain
from pipeline.sft.config import VERSION as SFT_VERSION
from pipeline.sft.config import Sft
from pipeline.sources.config import VERSION as SOURCES_VERSION
from pipeline.study import work
from pipeline.study.external import checkpoint_checksum, checkpoint_label, find_checkpoint
from pipeline.study.inputs import with_file_checksums, with_suite_checksums
from pipeline.study.node import Node
from pipeline.study.schema import Phase, Study
from pipeline.tasks.world.dials import VERSION as WORLD_VERSION
from pipeline.tokenize.config import VERSION as TOKENIZE_VERSION

LOSS_SHARE = 0.4  # of an SFT corpus's tokens; for the ETA only, which needs tokens of input


def arm_graph(study: Study) -> dict[str, Node]:
    """The nodes of one arm by key (`pretrain:branch`, `eval:sft`, ...), in running order."""
    builder = _Builder(study)
    nodes: dict[str, Node] = {}
    previous: Node | None = None
    for name, phase in study.phases.items():
        nodes[f"mix:{name}"] = builder.phase_mix(name, phase)
        previous = builder.pretrain(name, phase, nodes[f"mix:{name}"], previous)
        nodes[f"pretrain:{name}"] = previous
        nodes |= builder.kept_evaluations(f"pretrain:{name}", previous, nodes[f"mix:{name}"].label)
    assert previous is not None
    nodes["eval:pretrain"] = builder.evaluation(previous, _after_pretraining(study))
    nodes["mix:sft"] = builder.sft_mix()
    nodes["sft"] = builder.sft(previous, nodes["mix:sft"])
    nodes |= builder.kept_evaluations("sft", nodes["sft"], arm_name(study))
    nodes["eval:sft"] = builder.evaluation(nodes["sft"], arm_name(study))
    return {**builder.data_nodes, **nodes}


def corpus_graph(study: Study, name: str) -> dict[str, Node]:
    """The nodes of one corpus alone, for `stage=curate corpus=...`."""
    builder = _Builder(study)
    builder.tokenized(name)
    return builder.data_nodes


def checkpoint_graph(study: Study) -> dict[str, Node]:
    """The eval of the one checkpoint that `checkpoint=` names, known by its content; it needs nothing of the store."""
    name = study.context.checkpoint
    assert name is not None, "chosen_nodes asks only where one is given"
    return {"eval:checkpoint": _Builder(study).outside_evaluation(name)}


def world_key(study: Study) -> str:
    """The random streams of corpora and eval problems, which a seed redraws."""
    return f"{study.study}/seed{study.seed}"


def arm_name(study: Study) -> str:
    """An arm as people say it: `ldq > 2x shq`."""
    times = "" if study.sft.passes == 1 else f"{study.sft.passes:g}x "
    return f"{_after_pretraining(study)} > {times}{study.sft_mix.name}"


def _after_pretraining(study: Study) -> str:
    return study.pretrain_mix.name


class _Builder:
    """Makes the nodes of one study, each data node once."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.world_key = world_key(study)
        self.order_key = f"{self.world_key}/replicate{study.replicate}"  # redraws what lies after the trunk
        self.data_nodes: dict[str, Node] = {}

    def _data_node(self, key: str, **fields: Any) -> Node:
        return self.data_nodes.setdefault(key, Node(seed=self.study.seed, **fields))

    def sources(self, name: str) -> Node:
        corpus = self.study.resolve_corpus(name)
        if corpus.files:
            corpus = with_file_checksums(corpus, self.study.context.data_root)
        # Files are what they are whatever the seed; the world's corpora are drawn anew with it.
        study_key = self.study.study if corpus.files else self.world_key
        return self._data_node(
            f"sources:{corpus.name}",
            kind="sources",
            stage="sources",
            label=corpus.name,
            version=f"{SOURCES_VERSION}.{WORLD_VERSION}",
            literals={"config": corpus.literals(), "study_key": study_key},
            parents={},
            work=work.of_documents(corpus, 6e-5),
        )

    def curated(self, name: str) -> Node:
        definition = self.study.corpora[name]
        source = self.sources(name)
        curation = definition.curation.model_copy(update={"is_world": not source.literals["config"]["files"]})
        suites = with_suite_checksums(self.study.eval.suites, self.study.context.data_root)
        return self._data_node(
            f"curate:{name}",
            kind="curate",
            stage="curate",
            label=name,
            version=f"{CURATE_VERSION}.{WORLD_VERSION}",
            literals={
                "config": curation.literals(),
                "suites": [suite.literals() for suite in suites] if curation.decontaminate else [],
                "study_key": source.literals["study_key"],
            },
            parents={"documents": source},
            work=work.of_documents(self.study.resolve_corpus(name), 4e-5),
        )

    def tokenizer(self) -> Node:
        names = self.study.tokenizer_corpora
        return self._data_node(
            "tokenize:tokenizer",
            kind="tokenizer",
            stage="tokenize",
            label="tokenizer",
            version=f"{TOKENIZE_VERSION}.{WORLD_VERSION}",
            literals={"config": self.study.tokenizer.literals()},
            parents={name: self.curated(name) for name in names},
            work=work.START,
        )

    def tokenized(self, name: str) -> Node:
        return self._data_node(
            f"tokenize:{name}",
            kind="tokenize",
            stage="tokenize",
            label=name,
            version=f"{TOKENIZE_VERSION}.{WORLD_VERSION}",
            literals={},
            parents={"tokenizer": self.tokenizer(), "documents": self.curated(name)},
            work=work.of_documents(self.study.resolve_corpus(name), 14e-5),
        )

    def phase_mix(self, name: str, phase: Phase) -> Node:
        study = self.study
        shares, caps = _blend(study, phase.reasoning)
        is_trunk = name == next(iter(study.phases))
        order_key = self.world_key if is_trunk else self.order_key
        config = Mixing(
            weights=shares,
            max_repetitions=caps,
            budget=phase.tokens,
            unit="tokens",
            loss=study.loss,
            sequence_length=study.sequence_length,
            block_rows=study.block_rows,
            stream_key=f"{order_key}/{name}",
        )
        return self._mix(config, f"{name}-{study.pretrain_mix.name if phase.reasoning else study.base_mix.name}")

    def sft_mix(self) -> Node:
        study = self.study
        config = Mixing(
            weights=study.sft_mix.weights,
            max_repetitions=dict.fromkeys(study.sft_mix.weights, study.sft_mix.max_repetitions),
            budget=study.sft.budget,
            unit="loss_tokens",
            loss="answers",
            sequence_length=study.sft.sequence_length,
            block_rows=study.sft.block_rows,
            stream_key=f"{self.order_key}/sft",
        )
        return self._mix(config, f"sft-{study.sft_mix.name}")

    def _mix(self, config: Mixing, label: str) -> Node:
        return Node(
            kind="mix",
            stage="mix",
            label=label,
            version=str(MIX_VERSION),
            literals={"config": config.literals()},
            parents={name: self.tokenized(name) for name in config.weights},
            seed=self.study.seed,
            work=0.1,
        )

    def pretrain(self, name: str, phase: Phase, mix: Node, previous: Node | None) -> Node:
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
        recipe = self.study.sft
        training = recipe.training.model_copy(update={"keep_at": self.study.kept_in_sft()})
        config = Sft(optimizer=recipe.optimizer, schedule=recipe.schedule, training=training)
        tokens = recipe.budget / LOSS_SHARE
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
        asked = [suite for suite in study.eval.suites if suite.after in ("any", checkpoint.stage)]
        suites = with_suite_checksums(asked, study.context.data_root)
        config = study.eval.model_copy(update={"suites": suites})
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
        study = self.study
        suites = with_suite_checksums(study.eval.suites, study.context.data_root)  # who trained it is not known: all
        config = study.eval.model_copy(update={"suites": suites})
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


def _blend(study: Study, reasoning: float) -> tuple[dict[str, float], dict[str, float]]:
    """Shares and repetition caps by corpus: `reasoning` of the pretraining mix, the rest base; `none` is all base."""
    mix = study.pretrain_mix
    parts = [(study.base_mix, 1.0 - reasoning), (mix, reasoning)] if mix.weights else [(study.base_mix, 1.0)]
    shares: dict[str, float] = {}
    caps: dict[str, float] = {}
    for part, share in parts:
        total = sum(part.weights.values())
        for corpus, weight in part.weights.items():
            if share > 0:
                shares[corpus] = shares.get(corpus, 0.0) + share * weight / total
                caps[corpus] = max(caps.get(corpus, 0.0), part.max_repetitions)
    return shares, caps
