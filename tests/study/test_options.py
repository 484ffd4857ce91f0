"""The reference of options says what the schema says."""

import re
from pathlib import Path

from pipeline.study.config import options
from pipeline.study.config.options import as_markdown
from pipeline.study.config.schema import Study

PAGE = Path(__file__).parents[2] / options.PAGE


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == as_markdown(), "run: python -m pipeline.study.config.options"


def test_every_field_of_every_config_class_is_listed_with_its_type():
    page = as_markdown()
    keys = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    assert len(set(keys)) > 150
    assert {"seed", "store", "tracking", "optimizer.lr", "phases.NAME.tokens", "sft.training"} <= set(keys)
    assert "| `phases.NAME.tokens` | count | required |" in page
    assert "| `optimizer.kind` | `adamw`, `muon` | `adamw` |" in page
    assert "`optimizer`, `sft.optimizer`" in page


def test_a_fields_comment_is_what_is_said_of_it():
    page = as_markdown()
    assert "| `optimizer.clip` | number | `1.0` | largest global gradient norm; inf: no clipping |" in page
    assert all(f"`{name}`" in page for name in Study.model_fields if name not in options._NOT_SET)
