"""The ladder's table in docs/training.md says what the files of recipes/scale say."""

import re
from pathlib import Path

import pytest
import yaml

from pipeline.lm.config import Model, Training
from pipeline.lm.models.footprint import footprint

ROOT = Path(__file__).parents[2]
SCALES = ROOT / "recipes" / "scale"


def rows():
    """The table, by rung: cells as they are written."""
    text = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    table = text.partition("| `scale=` |")[2].split("\n\n")[0]
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    return {line[0].strip("`"): line[1:] for line in lines}


def as_told(name):
    """The same cells, from a rung's file."""
    text = (SCALES / f"{name}.yaml").read_text(encoding="utf-8")
    scale = yaml.safe_load(text)
    model, rung = scale["model"], scale["rung"]
    first = re.fullmatch(r"# \S+: (\S+) parameters .*, (\S+) tokens, (\S+) FLOPs\.", text.splitlines()[0])
    assert first, name
    parameters, tokens, flops = first.groups()
    return [
        model["model_type"],
        f"{model['hidden_size']} x {model['num_hidden_layers']}",
        f"{model['num_attention_heads']} / {model['num_key_value_heads']}",
        f"{rung['vocabulary']:,}",
        parameters,
        tokens,
        f"{rung['batch_rows']} x {rung['sequence_length']}",
        str(float(scale["optimizer"]["lr"])),
        flops,
    ]


def test_no_rung_is_missing_in_the_table():
    assert {path.stem for path in SCALES.glob("*.yaml") if "rung:" in path.read_text(encoding="utf-8")} == set(rows())


@pytest.mark.parametrize("name", list(rows()))
def test_a_row_of_the_table_is_what_the_file_says(name):
    assert rows()[name][:9] == as_told(name)


@pytest.mark.parametrize("name", list(rows()))
def test_memory_in_the_table_is_the_footprints(name):
    scale = yaml.safe_load((SCALES / f"{name}.yaml").read_text(encoding="utf-8"))
    rung = scale["rung"]
    cost = footprint(Model.model_validate(scale["model"]), rung["vocabulary"], rung["sequence_length"])
    for told, parallel, ranks in zip(rows()[name][9:], ("none", "fsdp"), (1, 8), strict=True):
        training = Training(
            batch_rows=rung["batch_rows"],
            micro_batch_rows=1,
            precision="bf16",
            parallel=parallel,
            log_every=1,
            checkpoint_every=1,
        )
        needed = sum(cost.memory(training, rung["sequence_length"], ranks).values())
        assert float(told) == pytest.approx(needed / 1e9, rel=0.05)
