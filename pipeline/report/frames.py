"""Frames as plain rows."""

from typing import Any, cast

import pandas as pd


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dictionaries by column name; ours are all text, which pandas cannot know."""
    return cast("list[dict[str, Any]]", frame.to_dict("records"))
