"""Nodes of the data: sources, curate, tokenize. Each is made once, whatever asks for it."""

from collections.abc import Sequence
from typing import Any

from pipeline.core.errors import UserError
from pipeline.curate.config import MEASURE_VERSION, NATURAL_VERSION, Measuring
from pipeline.curate.config import VERSION as CURATE_VERSION
from pipeline.sources.config import READ_VERSION
from pipeline.sources.config import VERSION as SOURCES_VERSION
from pipeline.study.config.arm_names import world_key
from pipeline.study.config.inputs import (
    check_guarded,
    check_not_asked,
    with_file_checksums,
    with_suite_checksums,
    with_tokenizer_checksums,
)
from pipeline.study.config.schema import Study
from pipeline.study.nodes import work
from pipeline.study.nodes.node import Node
from pipeline.tasks.suite import Suite
from pipeline.tasks.world.dials import VERSION as WORLD_VERSION
from pipeline.tokenize.config import VERSION as TOKENIZE_VERSION


class DataNodes:
    """Makes the nodes of one study's data."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.world_key = world_key(study)
        self.data_nodes: dict[str, Node] = {}
        self._waiting: list[str] = []  # corpora whose `against` is being followed

    def _data_node(self, key: str, **fields: Any) -> Node:
        return self.data_nodes.setdefault(key, Node(seed=self.study.seed, **fields))

    def sources(self, name: str) -> Node:
        """Raw documents of a corpus. Raises UserError where its files are not to be found."""
        corpus = with_file_checksums(self.study.resolve_corpus(name), self.study.context.data_root)
        # What is read is what it is whatever the seed; the world's corpora are drawn anew with it.
        study_key = self.world_key if corpus.is_drawn else self.study.study
        return self._data_node(
            f"sources:{corpus.name}",
            kind="sources",
            stage="sources",
            label=corpus.name,
            version=f"{SOURCES_VERSION}.{WORLD_VERSION}" if corpus.is_drawn else f"read.{READ_VERSION}",
            literals={"config": corpus.literals(), "study_key": study_key},
            parents={},
            work=work.of_documents(corpus, work.SECONDS_A_DOCUMENT["sources"]),
        )

    def curated(self, name: str) -> Node:
        """What stays of them."""
        source = self.sources(name)
        is_world = is_drawn(source)
        curation = self.study.corpora[name].curation.of_kind(is_world=is_world)
        suites = () if is_world else with_suite_checksums(self._asked(), self.study.context.data_root)
        if curation.decontaminate:
            check_guarded(name, suites, self.study.context.data_root)
        check_not_asked(name, source.literals["config"], suites)
        return self._data_node(
            f"curate:{name}",
            kind="curate",
            stage="curate",
            label=name,
            version=f"{CURATE_VERSION}.{WORLD_VERSION}" if is_world else f"read.{NATURAL_VERSION}",
            literals={
                "config": curation.literals(),
                "suites": [suite.literals() for suite in suites] if curation.decontaminate else [],
                "study_key": source.literals["study_key"],
            },
            parents={"documents": source, **self._before(name, curation.against)},
            work=work.of_documents(self.study.resolve_corpus(name), work.SECONDS_A_DOCUMENT["curate"]),
        )

    def _asked(self) -> list[Suite]:
        """The suites that natural text could hold a question of, with all their questions: how many are asked changes
        no corpus.
        """
        return [suite.whole for suite in self.study.eval.suites if suite.world is None and suite.alchemy is None]

    def _before(self, name: str, others: Sequence[str]) -> dict[str, Node]:
        """Corpora whose documents are duplicates in this one. Raises UserError for one that waits for this one."""
        if name in self._waiting:
            circle = " > ".join((*self._waiting, name))
            raise UserError(f"corpora are deduplicated against each other in a circle: {circle}; drop one `against`")
        self._waiting.append(name)
        before = {f"against:{other}": self.curated(other) for other in others}
        self._waiting.pop()
        return before

    def measured(self, name: str) -> Node:
        """Its card, before and after curation; nothing is built on it."""
        source = self.sources(name)
        return self._data_node(
            f"measure:{name}",
            kind="measure",
            stage="curate",
            label=f"{name}-card",
            version=str(MEASURE_VERSION),
            literals={"config": Measuring(sums=not is_drawn(source)).literals()},
            parents={"raw": source, "curated": self.curated(name)},
            work=work.of_documents(self.study.resolve_corpus(name), work.SECONDS_A_DOCUMENT["measure"]),
        )

    def tokenizer(self) -> Node:
        """The study's one tokenizer."""
        names = self.study.tokenizer_corpora
        config = with_tokenizer_checksums(self.study.tokenizer, self.study.context.data_root)
        return self._data_node(
            "tokenize:tokenizer",
            kind="tokenizer",
            stage="tokenize",
            label="tokenizer",
            version=f"{TOKENIZE_VERSION}.{WORLD_VERSION}",
            literals={"config": config.literals()},
            parents={name: self.curated(name) for name in names},
            work=work.START,
        )

    def tokenized(self, name: str) -> Node:
        """A corpus encoded; its card comes along."""
        self.measured(name)
        return self._data_node(
            f"tokenize:{name}",
            kind="tokenize",
            stage="tokenize",
            label=name,
            version=f"{TOKENIZE_VERSION}.{WORLD_VERSION}",
            literals={},
            parents={"tokenizer": self.tokenizer(), "documents": self.curated(name)},
            work=work.of_documents(self.study.resolve_corpus(name), work.SECONDS_A_DOCUMENT["tokenize"]),
        )


def is_drawn(source: Node) -> bool:
    """Whether a node of the stage sources draws its documents."""
    config = source.literals["config"]
    return not config["files"] and "hub" not in config
