"""A table for people, and the frame it was made from: what the page shows is what the CSV holds."""

import math
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

MISSING = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell: what is read, what it sorts by, where it leads."""

    text: str
    sub: str = ""  # a second, smaller line: an interval, a spread
    sort: float | str = ""
    link: str = ""
    heat: float | None = None  # 0 to 1: how strongly it is tinted
    is_code: bool = False
    is_prose: bool = False  # may break into lines
    kind: str = ""  # of a verdict: what colour it has
    links: tuple[tuple[str, str], ...] = ()  # (text, address) of a cell that leads to several places
    id: str = ""  # where a link on the page may lead


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column's head."""

    title: str
    is_number: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of cells, the first of each row being its head."""

    name: str  # of its files
    caption: str
    columns: list[Column]
    rows: list[list[Cell]]
    frame: pd.DataFrame
    note: str = ""
    is_long: bool = False  # folded until asked for

    def save(self, folder: Path) -> None:
        """Write the frame as CSV and Parquet."""
        self.frame.to_csv(folder / f"{self.name}.csv", index=False, float_format="%.10g", lineterminator="\n")
        self.frame.to_parquet(folder / f"{self.name}.parquet", index=False)


def head(text: str, anchor: str = "") -> Cell:
    """A row's head."""
    return Cell(text=text, sort=text, id=anchor)


def text_cell(text: str) -> Cell:
    """Words."""
    return Cell(text=text, sort=text)


def prose(text: str) -> Cell:
    """Words that may break into lines."""
    return Cell(text=text, sort=text, is_prose=True)


def number(value: float, form: str = ".1f", sub: str = "", link: str = "", heat: float | None = None) -> Cell:
    """A number in a format; MISSING where there is none."""
    if math.isnan(value):
        return Cell(text=MISSING, sort="", link=link)
    return Cell(text=format(value, form), sub=sub, sort=value, link=link, heat=heat)


def bracket(low: float, high: float, form: str = ".1f") -> str:
    """An interval as people write it; empty where there is none."""
    return "" if math.isnan(low) or math.isnan(high) else f"[{low:{form}},\u00a0{high:{form}}]"
