"""Quality of questions, as far as it can be seen without a model: what each number can and cannot see.

sums            lines of traces with a sum, and how many are right (`arithmetic`); not whether the sum was the one to do
sums_right      share of the checked traces whose sums are all right: `verified`, where sums are all there is to verify
known mistakes  of drawn corpora: steps and answers that are wrong on purpose, as their makers recorded it
well_formed     a prompt and an answer, and no mark of the chat format inside; not whether the answer is one
answer_said     traces that hold their answer word for word: reasoning that leads to it, or at least ends in it
repetition      share of a trace's 5-word runs that came before in it: loops, and boilerplate
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pipeline.curate.observed import Observed

_LOOPS = 0.2  # of its runs repeated: a trace that goes round in circles


@dataclass
class Soundness:
    """Counters that questions are added to one by one."""

    totals: Counter[str] = field(default_factory=Counter)
    repeated: float = 0.0

    def add(self, seen: Observed) -> None:
        """Count one question."""
        document = seen.document
        self.repeated += seen.repeated
        self.totals.update(
            questions=1,
            traces=bool(document.reasoning),
            steps=document.num_steps,
            corrupted_steps=document.num_corrupted,
            wrong_answers=document.is_wrong,
            well_formed=seen.is_well_formed,
            lines_checked=seen.sums.num_lines,
            lines_right=seen.sums.num_right,
            checked=seen.sums.is_checked,
            verified=seen.sums.is_right,
            answer_said=seen.says_answer,
            loops=seen.repeated > _LOOPS,
        )

    def to_json(self) -> dict[str, Any]:
        """Shares of what they are shares of; None where there was nothing to see."""
        total = self.totals
        return {
            "well_formed_share": _share(total["well_formed"], total["questions"]),
            "trace_share": _share(total["traces"], total["questions"]),
            "sums_checked_share": _share(total["checked"], total["traces"]),
            "sums_right_share": _share(total["verified"], total["checked"]),
            "sum_lines_checked": total["lines_checked"],
            "sum_lines_right_share": _share(total["lines_right"], total["lines_checked"]),
            "answer_said_share": _share(total["answer_said"], total["traces"]),
            "mean_repetition": _share(self.repeated, total["traces"]),
            "looping_share": _share(total["loops"], total["traces"]),
            "known_wrong_step_share": _share(total["corrupted_steps"], total["steps"]),
            "known_wrong_answer_share": _share(total["wrong_answers"], total["questions"]),
        }


def _share(part: float, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None
