"""What a terminal shows while a study runs, at any width; and that a pipe gets lines without control codes."""

import io

import pytest
from rich.console import Console

from pipeline.core.store import Store
from pipeline.study.graph import arm_graph
from pipeline.study.run.display import Display
from pipeline.study.run.survey import survey
from pipeline.study.run.view import View

WORDS = "loss 3.941 (base 3.946, ldq 4.039, shq 3.729), 2,455 tokens/s, MFU 4.0% of 0.0519 TFLOP/s, 0:00:05 left"
WHOLE = "about 75 s left, 24 of 66 stages, 2 running, 40 waiting"


def lines_at(width):
    """The live part of a terminal of that width."""
    heard = io.StringIO()
    console = Console(file=heard, force_terminal=True, color_system=None, width=width)
    display = Display(console)
    display.update(display.add_task("study", total=1.0, line=WHOLE), completed=0.36)
    display.add_task("pretrain branch-none-s0", total=100, completed=40, line=WORDS)
    display.add_task("sft none [a=1] > 2x shq", total=None, line="")
    console.print(display.get_renderable())
    return [line.rstrip() for line in heard.getvalue().splitlines()]


@pytest.mark.parametrize("width", [60, 89, 100, 160])
def test_names_and_shares_stand_whole_and_each_in_one_line(width):
    whole, trunk, tuned = lines_at(width)
    assert max(map(len, (whole, trunk, tuned))) <= width
    assert whole.startswith("study ") and " 36% about 75 s left, 24 of 66 stages" in whole
    assert trunk.startswith("pretrain branch-none-s0 ") and " 40% loss 3.941 " in trunk
    assert tuned.startswith("sft none [a=1] > 2x shq ")


def test_a_wide_terminal_has_a_bar_and_a_clock_and_a_narrow_one_all_the_words():
    assert "\u2501" in lines_at(100)[0] and lines_at(100)[0].endswith("0:00:00")
    assert "\u2501" not in lines_at(80)[0] and lines_at(80)[0].endswith(WHOLE)


def test_what_was_begun_counts_as_running_at_once(study, tmp_path):
    graph = arm_graph(study())
    console = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=100)
    view = View(console, survey(graph.values(), Store(tmp_path / "store")), 2)
    with view:
        view.started(graph["mix:sft"])
        view.started(graph["mix:trunk"])
        console.print("now")
    assert f", 2 running, {len(graph) - 2} waiting" in console.file.getvalue()


def test_a_pipe_gets_whole_lines_and_no_codes(study, tmp_path):
    node = arm_graph(study())["mix:sft"]
    heard = io.StringIO()
    view = View(Console(file=heard, width=40), survey([node], Store(tmp_path / "store")), 1)
    with view:
        view.started(node)
        view.failed(node, ValueError("a long cause" * 9))
    (line,) = heard.getvalue().splitlines()
    assert line == f"[0/1] failed {node.stage} {node.label}: {'a long cause' * 9}"
