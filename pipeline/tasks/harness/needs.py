"""What some benchmarks use besides their data, and whether it is here: that decides scores, so it is part of them."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal

from pipeline.core.errors import UserError

Need = Literal["sandbox", "punkt"]

NEEDS: Mapping[str, Need] = {
    "openai/openai_humaneval": "sandbox",
    "evalplus/humanevalplus": "sandbox",
    "google-research-datasets/mbpp": "sandbox",
    "evalplus/mbppplus": "sandbox",
    "google/IFEval": "punkt",
}
"""By data set. The scorer of those with a sandbox is `code_eval`, which `offline` replaces by ours."""
PUNKT = "tokenizers/punkt_tab"
LEFT_OUT = "they count sentences or capital words with NLTK's model; get it: python -m nltk.downloader punkt_tab"
_USES_PUNKT = frozenset({"length_constraints:number_sentences", "change_case:capital_word_frequency"})


def present(dataset: str) -> tuple[Need, ...]:
    """What the benchmarks on a data set need, if it is here."""
    need = NEEDS.get(dataset)
    return (need,) if need and _CHECKS[need]() else ()


def asks_without_punkt(dataset: str) -> bool:
    """Whether only the problems can be asked that do without NLTK's model."""
    return NEEDS.get(dataset) == "punkt" and not _has_punkt()


def is_scored_without_punkt(row: Mapping[str, Any]) -> bool:
    """Whether an IFEval problem has no instruction that counts sentences or splits words with NLTK's model."""
    return _USES_PUNKT.isdisjoint(row["instruction_id_list"])


@cache
def _has_punkt() -> bool:
    import nltk

    try:
        nltk.data.find(PUNKT)
    except LookupError:
        return False
    return True


def _has_sandbox() -> bool:
    from pipeline.tasks.sandbox.ready import require_sandbox

    try:
        require_sandbox()
    except UserError:
        return False
    return True


_CHECKS: Mapping[Need, Callable[[], bool]] = {"punkt": _has_punkt, "sandbox": _has_sandbox}
