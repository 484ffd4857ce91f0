"""A fixed amount of reasoning tokens, divided between the last phase of pretraining and what follows it.

Every arm of such a sweep reads the same base tokens and the same reasoning tokens in all; only when differs. What is
not early comes in SFT, or - to tell timing from SFT's learning rate and optimizer - in one more phase of pretraining,
which carries on with the optimizer and learning rate of pretraining and reads what SFT would have read.
"""

from typing import Any, Literal

from pydantic import Field

from pipeline.core.config import Config
from pipeline.core.duration import Count

LATE_PHASE = "late"


class Allocation(Config):
    """`allocation` of a recipe: it sets the tokens of the last phase and of SFT."""

    base_tokens: Count  # of the last phase
    reasoning_tokens: Count = Field(gt=0)  # in all
    early: float = Field(ge=0.0, le=1.0)  # share of them in the last phase, from pretrain_mix
    late: Literal["sft", "pretrain"] = "sft"  # where the rest comes, from sft_mix

    @property
    def early_tokens(self) -> int:
        """Reasoning tokens in the last phase."""
        return round(self.reasoning_tokens * self.early)

    @property
    def late_tokens(self) -> int:
        """Reasoning tokens after it."""
        return self.reasoning_tokens - self.early_tokens


def allocate(raw: dict[str, Any]) -> dict[str, Any]:
    """A study's raw settings with the phases and the SFT budget that its allocation asks for.

    Raises ValueError where the allocation is none, or takes the reasoning share out of two phases.
    """
    plan = Allocation.model_validate(raw["allocation"])
    phases = {name: dict(phase) for name, phase in raw["phases"].items() if phase is not None}
    *others, last = phases
    sharing = [name for name in others if float(phases[name].get("reasoning", 0.0)) > 0]
    if sharing:
        raise ValueError(f"allocation gives phases.{last} its reasoning share, and phases.{sharing[0]} has one too")
    tokens = plan.base_tokens + plan.early_tokens
    phases[last] |= {"tokens": tokens, "reasoning": plan.early_tokens / tokens}
    is_tuned = plan.late == "sft"
    if not is_tuned and plan.late_tokens:
        phases[last]["decay"] = 0.0  # the learning rate falls where pretraining ends
        phases[LATE_PHASE] = {"tokens": plan.late_tokens, "reasoning": 1.0, "decay": 1.0, "reasoning_of": "sft_mix"}
    sft = {**raw["sft"], "tokens": plan.late_tokens if is_tuned else 0}
    return {**raw, "phases": phases, "sft": sft}
