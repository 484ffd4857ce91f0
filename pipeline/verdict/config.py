"""What a claim is: a contrast between checkpoints, written down before the runs that judge it."""

from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from pipeline.core.config import Config
from pipeline.core.fingerprint import canonical
from pipeline.core.seeds import keyed_int
from pipeline.verdict.expression import Contrast, contrast_of, moments_of
from pipeline.verdict.words import After, Currency, Expects, MetricName, Trait

VERSION = 4  # raised when the same claims and scores would give other verdicts, or other files
MAX_PRIMARY = 4  # claims of a sweep that share the correction; more would cost each its power


class Claim(Config):
    """One claim, with all that its verdict depends on. A verdict is about the mean over seeds of one contrast.

    In the paper's points (0 to 100), as `paper` and `matters` are.
    """

    says: str = Field(min_length=1)
    contrast: tuple[str, ...] = Field(min_length=1)
    """`ldq - shq`, `mean(shq, ldq) - none`, `(lmq > shq - ldq > shq) - (lmq - ldq)`. Several: all of them must hold."""
    after: After
    """The training that the checkpoints come from; `both`: a difference of differences."""
    expects: Expects
    """Of the effect: above or below 0; same: within the margin; not above: less than the margin above 0."""
    matters: float = Field(gt=0)
    """The smallest effect that would matter: the margin of `same`, what the number of seeds is planned for."""
    metric: MetricName = "accuracy"
    group: str = "trained"
    """Problems: trained, held_out, every, lookup; shared, neither (of the corpora that differ); domain X; family X."""
    against: str = ""
    """Another group: its effect is taken off, so that the claim is about the difference between the two."""
    paper: float | None = None
    elsewhere: str = ""
    """What an independent study of the same claim found."""
    primary: bool = False
    matched: tuple[Currency, ...] = ()
    differs: tuple[Currency | Trait, ...] = Field(min_length=1)
    note: str = ""

    @field_validator("contrast", mode="before")
    @classmethod
    def _is_listed(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        self._check_moments()
        both = sorted(set(self.matched) & set(self.differs))
        if both:
            raise ValueError(f"{both[0]} cannot be both matched and differing; leave it out of one list")
        if len(self.contrast) > 1 and self.expects in ("same", "not above", "not below"):
            raise ValueError(f"expects: {self.expects} is for one contrast; write {len(self.contrast)} claims instead")
        if self.metric == "bits_per_byte" and (self.group != "trained" or self.against):
            raise ValueError("metric bits_per_byte is of base text and has no groups of problems; leave out group")
        return self

    def _check_moments(self) -> None:
        found = {moment for text in self.contrast for moment in moments_of(contrast_of(text))}
        allowed = {"pretrain": {"pretrain"}, "sft": {"sft"}, "both": {"pretrain", "sft"}, "rl": {"rl"}}[self.after]
        is_compounding = self.after == "rl" and "rl" in found  # may be compared with the stages before it
        if not is_compounding and found != allowed:
            told = " and ".join(sorted(found))
            raise ValueError(
                f"after: {self.after} does not fit the contrast {'; '.join(self.contrast)}, whose checkpoints come "
                f"after {told}; `ldq` is a checkpoint after pretraining, `ldq > shq` after SFT, `ldq > shq > rl` after "
                "RL"
            )

    @property
    def parts(self) -> list[Contrast]:
        """Its contrasts as weights."""
        return [contrast_of(text) for text in self.contrast]

    @property
    def checkpoints(self) -> list[str]:
        """Every checkpoint that it speaks of, once."""
        return list(dict.fromkeys(name for contrast in self.parts for name in contrast))

    @property
    def hash(self) -> str:
        """32 hex digits of everything that the claim says."""
        return hash_of(self.literals())


class Claims(Config):
    """A sweep's claims, and what they are judged by."""

    sweep: str
    claims: dict[str, Claim]
    planned_seeds: int = Field(default=8, ge=2)
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    power: float = Field(default=0.8, gt=0, lt=1)
    tolerance: float = Field(default=0.02, ge=0)
    """By how much a matched currency may differ: packing and the last document leave about one per cent."""

    @model_validator(mode="after")
    def _has_few_primary(self) -> Self:
        primary = [name for name, claim in self.claims.items() if claim.primary]
        if len(primary) > MAX_PRIMARY:
            raise ValueError(
                f"{len(primary)} primary claims ({', '.join(primary)}); at most {MAX_PRIMARY} share the correction, "
                "make the others exploratory"
            )
        return self

    @property
    def num_primary(self) -> int:
        """How many share the correction."""
        return sum(claim.primary for claim in self.claims.values())

    @property
    def hash(self) -> str:
        """32 hex digits of all claims, by name."""
        return hash_of({name: claim.literals() for name, claim in sorted(self.claims.items())})


def hash_of(literals: dict[str, Any]) -> str:
    """32 hex digits of plain values."""
    return f"{keyed_int('claims', canonical(literals)):032x}"
