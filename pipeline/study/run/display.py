"""The live part of a terminal: a line on the whole, and one for each stage at work; both fit any width."""

from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Column

_WIDE = 90  # columns; a narrower terminal has no room for bars and clocks
_NAME = TextColumn("{task.description}", markup=False)  # names may hold brackets
_SHARE = TextColumn("{task.percentage:>3.0f}%")


class Display(Progress):
    """Progress whose first task is the whole. What does not fit is cut from the words at the end, never from names."""

    def __init__(self, console: Console) -> None:
        rest = Column(ratio=1, no_wrap=True, overflow="ellipsis")
        line = TextColumn("{task.fields[line]}", markup=False, table_column=rest)
        self._terminal = console
        self._narrow: tuple[ProgressColumn, ...] = (_NAME, _SHARE, line)
        self._wide = (_NAME, BarColumn(bar_width=12), _SHARE, line, TimeElapsedColumn())
        super().__init__(*self._wide, console=console, disable=not console.is_terminal, transient=True, expand=True)

    def get_renderables(self) -> Iterable[RenderableType]:
        """The whole has columns of its own, since its words are long and its name is short."""
        self.columns = self._wide if self._terminal.width >= _WIDE else self._narrow
        yield self.make_tasks_table(self.tasks[:1])
        yield self.make_tasks_table(self.tasks[1:])
