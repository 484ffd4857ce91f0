"""Committed results are found by arm and seed, not by fingerprint: what of their config is different today?

Another processor, a key that did not exist then or a later version of a room is a difference to be named; any other
value is another config, whose results are not used.
"""

from collections.abc import Mapping
from typing import Any

from pipeline.core.fingerprint import ABSENT, canonical, changes
from pipeline.core.record import Record
from pipeline.study.config.schema import Study
from pipeline.study.config.sweep import Point
from pipeline.study.nodes.node import Node
from pipeline.study.results.claimed import own_settings

_OF_THE_MACHINE = ("compile", "precision", "threads", "micro_batch_rows")  # literals that follow the processor


def arm_key(point: Point, study: Study) -> str:
    """What an arm is called in committed results: its settings and its SFT learning rate."""
    return canonical({**own_settings(point, study), "rate": study.sft.optimizer.lr})


def differences_of(record: Record, node: Node) -> list[str] | None:
    """How a record's config differs from a node's, in words; None where it is another config."""
    if record.fingerprint == node.fingerprint:
        return []
    told: list[str] = []
    asked: Mapping[str, Any] = {**node.literals, "kind": node.kind, "roles": list(node.parents)}
    for path, then, now in changes(record.literals, asked):
        if ABSENT not in (then, now) and path.rpartition(".")[2] not in _OF_THE_MACHINE:
            return None
        told.append(f"committed {node.stage} has {path} {then}, now {now}")
    if str(record.version) != node.version:
        told.append(f"committed {node.stage} is of version {record.version}, now {node.version}")
    return told
