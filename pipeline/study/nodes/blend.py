"""What each stretch of training reads, as the mix stage is asked for it: a phase's blend, or SFT's mix."""

from dataclasses import dataclass, field

from pipeline.core.errors import UserError
from pipeline.mix.config import Mixing
from pipeline.study.config.arm_names import world_key
from pipeline.study.config.schema import DataMix, Phase, Study


def phase_mixing(study: Study, phase: Phase, stream_key: str) -> Mixing:
    """`reasoning` of the phase's mix, the rest base; `none` is all base.

    Raises UserError where the two ask for other numbers of passes over the same corpus.
    """
    mix = study.pretrain_mix if phase.reasoning_of == "pretrain_mix" else study.sft_mix
    parts = [(study.base_mix, 1.0 - phase.reasoning), (mix, phase.reasoning)] if mix.weights else []
    blend = _Blend()
    for part, share in parts or [(study.base_mix, 1.0)]:
        if share > 0:
            blend.add(part, share)
    return Mixing(
        weights=blend.shares,
        max_repetitions=blend.caps,
        budget=phase.tokens,
        unit="tokens",
        loss=study.loss,
        sequence_length=study.sequence_length,
        block_rows=study.block_rows,
        stream_key=stream_key,
        passes=blend.passes,
        target_budgets=blend.targets,
        subset_key=blend.subset_key(study),
    )


def sft_mixing(study: Study, stream_key: str) -> Mixing:
    """The SFT mix at SFT's budget."""
    blend = _Blend()
    blend.add(study.sft_mix, 1.0)
    return Mixing(
        weights=study.sft_mix.weights,
        max_repetitions=blend.caps,
        budget=study.sft.budget,
        unit=study.sft.unit,
        loss="answers",
        sequence_length=study.sft.sequence_length,
        block_rows=study.sft.block_rows,
        stream_key=stream_key,
        passes=blend.passes,
        target_budgets=blend.targets,
        subset_key=blend.subset_key(study),
    )


@dataclass(slots=True)
class _Blend:
    """Mixes poured together, by corpus."""

    shares: dict[str, float] = field(default_factory=dict[str, float])
    caps: dict[str, float] = field(default_factory=dict[str, float])
    passes: dict[str, float] = field(default_factory=dict[str, float])
    targets: dict[str, int] = field(default_factory=dict[str, int])

    def add(self, mix: DataMix, share: float) -> None:
        total = sum(mix.weights.values())
        for corpus, weight in mix.weights.items():
            self.shares[corpus] = self.shares.get(corpus, 0.0) + share * weight / total
            self.caps[corpus] = max(self.caps.get(corpus, 0.0), mix.max_repetitions)
            if mix.target_budget is not None and corpus not in mix.passes:
                self.targets[corpus] = mix.target_budget
        for corpus, number in mix.passes.items():
            if self.passes.setdefault(corpus, number) != number:
                raise UserError(
                    f"data mix '{mix.name}' wants {number:g} passes over {corpus!r}, and base_mix or pretrain_mix "
                    f"{self.passes[corpus]:g}; give the same number in both"
                )

    def subset_key(self, study: Study) -> str:
        """One draw for a study and a seed, whatever the phase: a part that is read early and late is the same part."""
        return world_key(study) if self.passes or self.targets else ""
