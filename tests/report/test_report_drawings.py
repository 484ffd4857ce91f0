"""Figure files: small enough to be committed, in the colours that were drawn."""

import pandas as pd
import pytest
from PIL import Image

from pipeline.report.figures.draw import COLOURS, canvas, legend_below, marker_of, room_for, save
from pipeline.report.figures.forest import forest
from pipeline.report.figures.verdicts import verdict_forest

MOST_BYTES = 500_000  # of a committed file


def test_a_forest_of_sixty_claims_is_small_enough_to_be_committed(tmp_path):
    claims = [
        {"claim": f"C{number}", "says": f"what claim {number} says of {('breadth', 'quality')[number % 2]} " * 3}
        | {"effect": number - 30.0, "low": number - 33.0, "high": number - 27.0, "paper": 20.0 - number}
        | {"verdict": ("supported", "contradicted", "undecided")[number % 3], "primary": number < 4}
        for number in range(60)
    ]
    verdict_forest(pd.DataFrame(claims), tmp_path)
    assert 50_000 < (tmp_path / "verdicts.png").stat().st_size < MOST_BYTES


def test_large_areas_keep_their_very_colours(tmp_path):
    figure, (axes,) = canvas(3, 1)
    for place, colour in enumerate(COLOURS):
        axes.barh(0, 1, left=place, color=colour)
    save(figure, "bars", tmp_path, caption="", alt="")
    with Image.open(tmp_path / "bars.png") as drawn:
        assert drawn.size == (480, 160)
        common = sorted(drawn.convert("RGB").getcolors(1 << 16), reverse=True)[: len(COLOURS) + 1]
    wanted = [tuple(bytes.fromhex(colour[1:])) for colour in ("#ffffff", *COLOURS)]
    for colour in wanted:
        assert any(colour == pytest.approx(drawn, abs=3) for _, drawn in common), colour


@pytest.mark.filterwarnings("error")
def test_long_names_leave_room_for_what_is_drawn(tmp_path):
    row = {"effect": 1.0, "low": 0.0, "high": 2.0, "at": "after SFT on ldq [sft.optimizer.lr=0.001]"}
    name = "ldq [allocation.early=0.25, allocation.late=pretrain] − ldq [allocation.early=0]"
    sides = [row | {"side": side, "contrast": name} for side in ("pretraining", "SFT")]
    drawing = forest(pd.DataFrame(sides), tmp_path)  # matplotlib warns where panels collapse
    assert drawing.width > 8 * 2 * room_for([f"{name}, {row['at']}"], 7.5)


@pytest.mark.filterwarnings("error")
def test_a_legend_is_no_wider_than_its_figure_and_takes_no_room_from_the_panel():
    figure, (axes,) = canvas(4, 2)
    for number in range(12):
        axes.plot([0, 1], label=f"ldq > shq [allocation.late=pretrain, number={number}]")
    legend_below(figure, [axes])
    figure.draw_without_rendering()
    (legend,) = figure.legends
    box = legend.get_window_extent()
    assert box.x0 >= 0 and box.x1 <= figure.bbox.width
    assert axes.get_window_extent().height > 0.5 * 2 * figure.dpi


def test_no_two_of_many_kinds_look_alike():
    looks = [(COLOURS[kind % len(COLOURS)], marker_of(kind)) for kind in range(3 * len(COLOURS))]
    assert len(set(looks)) == len(looks)
