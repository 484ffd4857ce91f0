"""What decides a corpus of the world: how much base text of which kinds, or which reasoning at which quality.

Every dial can be read back from the documents (tests/tasks/test_dials.py); weights are relative and
normalised once, shares are of documents.
"""

from collections.abc import Iterable
from math import inf
from typing import Annotated, Any, Self

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from pipeline.core.config import Config
from pipeline.core.duration import Count
from pipeline.tasks.world.distract import MOST_DISTRACTORS
from pipeline.tasks.world.families import FAMILIES
from pipeline.tasks.world.trace import Style

VERSION = 6  # raised by whatever changes a document or a problem for the same dials and key


class BaseText(Config):
    """Plain text in the lexicon's words that rewards copying from context, and a few look-up questions.

    Shares are of documents and sum to at most 1; narratives take what is left. The defaults give look-up
    questions their 1 % and echoes their fifth (without echoes the copying circuit formed too late); facts are for
    those who ask.
    """

    num_documents: Count
    lookup_share: float = 0.01
    """Questions answered by one word that the question holds, without reasoning: they show the answer format."""
    echo_share: float = 0.2
    recall_share: float = 0.25
    description_share: float = 0.25
    fact_share: float = 0.0
    """Sums and turns, one by one: what the families take for granted."""
    sift_share: float = 0.0
    """Words looked for among words that come by: comparing, which the families take for granted too."""
    knowledge_share: float = 0.0
    """Facts of the knowledge base, to be known by heart; one in five is a question about one of them."""
    instruct_share: float = 0.0
    """Look-up questions with a word on the form of the answer."""

    @field_validator(
        *("lookup_share", "echo_share", "recall_share", "description_share", "fact_share", "sift_share"),
        *("knowledge_share", "instruct_share"),
    )
    @classmethod
    def _is_share(cls, value: float) -> float:
        return _checked_share(value)

    @model_validator(mode="after")
    def _leaves_narratives(self) -> Self:
        if self.narrative_share < 0:
            raise ValueError(f"the shares sum to {1 - self.narrative_share:g}; lower them to at most 1")
        return self

    @property
    def narrative_share(self) -> float:
        """What the other kinds leave."""
        told = self.lookup_share + self.echo_share + self.recall_share + self.description_share + self.fact_share
        rest = 1 - told - self.sift_share - self.knowledge_share - self.instruct_share
        return round(rest, 9)  # so that shares written in decimals leave 0, not -1e-17


class Reasoning(Config):
    """Questions with traces: the dials of diversity (families, templates), depth and quality (styles, mistakes)."""

    num_documents: Count
    families: tuple[str, ...]
    """Drawn with equal weight."""
    templates: int
    """The first so many surface templates of each family, drawn with equal weight."""
    depths: dict[int, float]
    """Weight of each depth."""
    styles: dict[Style, float]
    """Weight of each style."""
    corrupted_steps: float = 0.0
    """Share of written steps whose result is replaced by a wrong one."""
    wrong_answers: float = 0.0
    """Share of documents whose answer is replaced by a wrong one."""
    casts: int | None = Field(default=None, ge=1)
    """So many sets of entities; none: names are drawn from whole pools, problem by problem."""
    distractors: dict[int, float] = Field(default_factory=lambda: {0: 1.0})
    """Weight of each number of unrelated statements in front of the question, beside the family's own decoys."""
    think_share: float = 1.0
    """Share of traces that stand between the think marks; the others stand in the answer, before its word."""
    instruct_share: float = 0.0
    """Share of documents that are look-up questions with a word on the form of the answer, in place of a problem."""
    shared_with: str = ""
    """A corpus of which some documents are said again: the stream that these are drawn from,"""
    shared_share: float = 0.0
    """and their share. They are the same documents, word for word, if both corpora have the same other dials."""

    @field_validator("families")
    @classmethod
    def _are_families(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError(f"no family; name some of {', '.join(FAMILIES)}")
        return checked_families(value)

    @field_validator("depths", "styles", "distractors")
    @classmethod
    def _are_weights(cls, value: dict[int | str, float]) -> dict[int | str, float]:
        if any(weight < 0 for weight in value.values()) or not 0 < sum(value.values()) < inf:
            raise ValueError(f"{value} are no weights; give each a number of at least 0, one of them above")
        return value

    @field_validator("corrupted_steps", "wrong_answers", "think_share", "instruct_share", "shared_share")
    @classmethod
    def _is_share(cls, value: float) -> float:
        return _checked_share(value)

    @model_validator(mode="after")
    def _exists(self) -> Self:
        check_reach(self.families, self.depths, self.templates)
        if self.shared_share and not self.shared_with:
            raise ValueError(f"shared_share {self.shared_share:g} needs shared_with, the corpus that it is shared with")
        self._distractors_fit()
        return self

    def _distractors_fit(self) -> None:
        """The deepest problem of 169 words and the most distractors fit a row of 192."""
        for count in self.distractors:
            if not 0 <= count <= MOST_DISTRACTORS:
                raise ValueError(f"{count} distractors; a row has room for 0 to {MOST_DISTRACTORS}")


def _kind(value: Any) -> str:
    families = value.get("families") if isinstance(value, dict) else getattr(value, "families", None)
    return "base" if families is None else "reasoning"


# One or the other: whoever names families means reasoning, so that a mistake is judged by the right class.
Dials = Annotated[Annotated[BaseText, Tag("base")] | Annotated[Reasoning, Tag("reasoning")], Discriminator(_kind)]


def checked_families(names: tuple[str, ...], also: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The names as they are. Raises ValueError with the known ones if one of them is no family."""
    known = (*FAMILIES, *also)
    for name in names:
        if name not in known:
            raise ValueError(f"family {name!r} is unknown; the families are {', '.join(known)}")
    if len(set(names)) < len(names):
        raise ValueError(f"{', '.join(names)} names a family twice; name each once")
    return names


def check_reach(names: Iterable[str], depths: Iterable[int], templates: int, *, is_asked: bool = False) -> None:
    """Raise ValueError if one of the families does not have these depths or so many templates.

    is_asked: in eval, which may go beyond what corpora hold.
    """
    for family in (FAMILIES[name] for name in names if name in FAMILIES):
        deepest = family.asked_depth if is_asked else family.max_depth
        most = family.asked_templates if is_asked else family.num_templates
        for depth in depths:
            if not family.min_depth <= depth <= deepest:
                reach = f"{family.min_depth} to {deepest}"
                raise ValueError(f"depth {depth} is out of reach of family {family.name!r}; it has depths {reach}")
        if not 1 <= templates <= most:
            raise ValueError(f"{templates} templates of {family.name!r}; ask for 1 to {most}")


def _checked_share(value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError(f"{value:g} is no share; give a number from 0 to 1")
    return value
