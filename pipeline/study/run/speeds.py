"""How long stages of each kind took here before: read off the records in the store, whatever study they are of.

A record holds no estimate of its work; that follows again from its literals and its ledger, by the rule that also
sizes what is to come (`work`), so that the two are held against each other.
"""

from collections.abc import Iterable

from pydantic import ValidationError

from pipeline.core.record import Record
from pipeline.core.store import Artifact
from pipeline.eval.config import Eval
from pipeline.lm.config import Training
from pipeline.study.nodes import work
from pipeline.study.nodes.verbs import TRAININGS
from pipeline.study.run.estimate import Estimate


def learn_from(artifacts: Iterable[Artifact]) -> Estimate:
    """Seconds for each unit of work, kind by kind. A record that cannot be sized any more teaches nothing."""
    estimate = Estimate()
    for artifact in artifacts:
        sized = work_of(artifact.record)
        if sized is not None:
            estimate.learn_work(str(artifact.record.literals["kind"]), sized, artifact.record.wall_seconds)
    return estimate


def work_of(record: Record) -> float | None:
    """The work that a record tells of, in seconds of one core of a laptop; None where it cannot say."""
    try:
        return _work(record)
    except (ValidationError, KeyError, TypeError):  # of an older version of its room
        return None


def _work(record: Record) -> float | None:
    kind, ledger = record.literals["kind"], record.ledger
    if kind in work.SECONDS_A_DOCUMENT:
        return work.of_count(ledger.documents, work.SECONDS_A_DOCUMENT[kind])
    if kind in TRAININGS:
        training = Training.model_validate(record.literals["config"]["training"])
        flops = ledger.flops * (0.5 if training.precision == "bf16" else 1.0)
        return work.of_flops(training, ledger.input_tokens, flops)
    if kind == "eval":
        return work.of_eval(Eval.model_validate(record.literals["config"]))
    return work.SECONDS_OF_A_MIX if kind == "mix" else None
