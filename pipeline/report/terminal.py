"""The grid in the terminal: what `study` prints when a sweep ends."""

from collections.abc import Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

from pipeline.report.checkpoints import checkpoints
from pipeline.report.grid import grid
from pipeline.report.results import ArmResult
from pipeline.report.scores import ACCURACY, Metric, read_scores
from pipeline.report.tables.grids import SPREAD, grid_tables


def grid_table(results: Sequence[ArmResult], metric: Metric = ACCURACY) -> Group:
    """The pretrain x SFT grid of one metric, below a line the points outside it, and what its brackets mean."""
    models = checkpoints(results)
    tables = grid_tables(models, grid(models, read_scores(models), [metric]), metric)
    main = tables[0]
    drawn = Table(title=f"{metric.title} ({metric.unit})", title_justify="left")
    for column in main.columns:
        drawn.add_column(Text(column.title), justify="right" if column.is_number else "left", overflow="fold")
    for row in main.rows:
        drawn.add_row(*(_two_lines(cell.text, cell.sub) for cell in row))
    for extra in tables[1:]:
        drawn.add_section()
        for name, _, after in extra.rows:
            blanks = [Text()] * (len(main.columns) - 2)
            drawn.add_row(Text(name.text), *blanks, _two_lines(after.text, after.sub))
    return Group(drawn, Text(SPREAD, "dim"))


def _two_lines(text: str, sub: str) -> Text:
    """Text, never markup: an arm's name may hold square brackets."""
    return Text(text) if not sub else Text.assemble(text, ("\n" + sub, "dim"))
