"""A model card's text: the hub's YAML head, then arm, data, ledger, scores, and what is to be known of licences.

A pure function of plain values, for the training rooms (which know no scores) and for the page (which knows arms and
scores). The head follows huggingface.co/docs/hub/model-cards.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

FILE = "README.md"
LINEAGE = "training.json"
_ABOUT = "Trained by Frontload, a study of where in training reasoning data should be spent (arXiv 2510.03264)."
_LICENCE = """The program that made these weights is under Apache-2.0. Weights learnt from text stand under what that \
text's licences ask: see each corpus's card for its source and licence, and set `license` above before publishing. \
Corpora of the synthetic world are made by the program itself and bring no licence of others."""
_UNSCORED = """Not known here: scores are another stage's, and come after the weights. `frontload stage=eval` measures \
them; the page of a sweep (`frontload stage=report`) writes this card with them, under `cards/`."""


def as_card(
    about: Mapping[str, Any], *, name: str = "", scores: Sequence[tuple[str, str, float, str]] = (), note: str = ""
) -> str:
    """The card.

    Args:
        about: what `training.json` holds: `model`, and `stretches` oldest first.
        name: of the arm, where it is known.
        scores: (metric, what it was measured on, value, unit).
        note: what a reader must know of this study.
    """
    stretches: Sequence[Mapping[str, Any]] = about["stretches"]
    title = name or " → ".join(_short(stretch) for stretch in stretches) or "a checkpoint"
    parts = [
        _head(about, name, scores),
        f"# {title}",
        f"{_ABOUT} {note}".strip(),
        _use(),
        _model_table(about["model"]),
        _data(stretches),
        _training(stretches),
        "## Scores\n\n" + (_scores(scores) if scores else _UNSCORED),
        f"## Licence\n\n{_LICENCE}",
    ]
    return "\n\n".join(parts) + "\n"


def _head(about: Mapping[str, Any], name: str, scores: Sequence[tuple[str, str, float, str]]) -> str:
    """YAML between dashes. JSON strings are YAML strings, so nothing in a name can break out of it."""
    corpora = dict.fromkeys(corpus for stretch in about["stretches"] for corpus in stretch["asked"])
    lines = [
        "library_name: transformers",
        "pipeline_tag: text-generation",
        "license: other",
        "license_name: see-the-licence-section",
        "tags:",
        *(f"- {tag}" for tag in ("frontload", "data-allocation", about["model"]["model_type"])),
        *(f"- {_quoted(f'corpus:{corpus}')}" for corpus in corpora),
        *(_index(name, scores) if scores else ()),
    ]
    return "\n".join(["---", *lines, "---"])


def _index(name: str, scores: Sequence[tuple[str, str, float, str]]) -> Iterator[str]:
    """`model-index`: how the hub knows scores."""
    yield from ("model-index:", f"- name: {_quoted(name)}", "  results:")
    for metric, on, value, _ in scores:
        yield from ("  - task: {type: text-generation}", f"    dataset: {{name: {_quoted(on)}, type: {_quoted(on)}}}")
        yield f"    metrics: [{{type: {_quoted(metric)}, name: {_quoted(metric)}, value: {value:.6g}}}]"


def _use() -> str:
    return (
        "```python\nfrom transformers import AutoModelForCausalLM, AutoTokenizer\n\n"
        'model = AutoModelForCausalLM.from_pretrained(".")  # this folder, or its name on the hub\n'
        'tokenizer = AutoTokenizer.from_pretrained(".")  # with its chat template\n```'
    )


def _model_table(model: Mapping[str, Any]) -> str:
    rows = [(name.replace("_", " "), _number(value)) for name, value in model.items() if value is not None]
    return "## Model\n\n" + _table(("", ""), rows)


def _data(stretches: Sequence[Mapping[str, Any]]) -> str:
    """Each stretch's corpora: asked, obtained, and how often each was passed over."""
    rows: list[tuple[str, ...]] = []
    for place, stretch in enumerate(stretches, start=1):
        sources = stretch["ledger"]["sources"]
        total = sum(source[stretch["unit"]] for source in sources.values()) or 1
        for corpus, share in stretch["asked"].items():
            use = sources[corpus]
            obtained = use[stretch["unit"]] / total
            shares = (f"{100 * share:.1f} %", f"{100 * obtained:.1f} %")
            counts = (f"{use['tokens']:,}", f"{use['loss_tokens']:,}", f"{use['passes']:.2f}")
            rows.append((f"{place}. {stretch['kind']}", corpus, *shares, *counts))
    heads = ("stretch", "corpus", "asked", "obtained", "tokens", "with loss", "passes")
    return "## Data\n\nShares as they reached the model, after packing, cropping and masking.\n\n" + _table(heads, rows)


def _training(stretches: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (
            f"{place}. {stretch['kind']}",
            f"{stretch['optimizer']['kind']}, lr {stretch['optimizer']['lr']:g}",
            stretch["schedule"]["kind"],
            f"{stretch['batch_rows']} x {stretch['sequence_length']}",
            stretch["precision"],
            stretch["loss"],
            f"{stretch['ledger']['input_tokens']:,}",
            f"{stretch['ledger']['flops']:.3e}",
        )
        for place, stretch in enumerate(stretches, start=1)
    ]
    heads = ("stretch", "optimizer", "schedule", "batch", "precision", "loss on", "tokens", "FLOPs")
    return f"## Training\n\n{_table(heads, rows)}\n\nAll settings and counts: `{LINEAGE}`."


def _scores(scores: Sequence[tuple[str, str, float, str]]) -> str:
    return _table(
        ("metric", "on", "value"), [(metric, on, f"{value:.1f} {unit}") for metric, on, value, unit in scores]
    )


def _short(stretch: Mapping[str, Any]) -> str:
    corpora = ", ".join(f"{corpus} {100 * share:.0f} %" for corpus, share in stretch["asked"].items())
    return f"{stretch['kind']} on {corpora}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'
