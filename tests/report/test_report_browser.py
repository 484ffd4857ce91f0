"""The page in a real browser (Debian's chromium): no error on its console, sorting, filtering, links, three widths;
everything by keys, in light and dark, for those who hear it and those who see little.
"""

import re
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from browser import browser
from report_gallery import gallery, judged

from pipeline.core.track import Silent
from pipeline.report.config import Report
from pipeline.report.figures.draw import ink_on, luminance
from pipeline.report.report import report

needs_browser = pytest.mark.skipif(
    shutil.which("chromium") is None,
    reason="no chromium (apt-get install chromium): the page is not checked",
)
AUDIT = Path(__file__).with_name("page_audit.js").read_text()
TABLE = "document.getElementById('table-artifacts')"
READABLE = 4.5  # WCAG 2.2, 1.4.3
SEEN = 3.0  # WCAG 2.2, 1.4.11


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    out = root / "report" / "page"
    out.mkdir(parents=True)
    arms = gallery(root, seeds=(0,), mixes=("none", "ldq"), sfts=("shq",))
    report(Report(title="Breadth?", sweep="s"), arms, out=out, track=Silent(), judged=judged(root))
    return out / "index.html"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as tab:
        yield tab


@pytest.fixture
def shown(page, chromium):
    """Opens the page, at some width, light or dark, with the audit's questions in it."""

    def show(width=1400, *, is_dark=False):
        chromium.open(page, width=width, is_dark=is_dark)
        chromium.run(f"{AUDIT};0")
        return chromium

    yield show
    assert chromium.errors == []


@needs_browser
@pytest.mark.parametrize("width", [360, 820, 1400])
def test_page_fits_any_width_and_all_its_links_resolve(shown, width):
    tab = shown(width)
    assert tab.run("[innerWidth, document.documentElement.scrollWidth <= innerWidth]") == [width, True]
    links = tab.run("[...document.querySelectorAll('a[href^=\"#\"]')].map((each) => each.hash.slice(1))")
    assert len(links) > 40
    assert tab.run(f"{links}.filter((each) => !document.getElementById(decodeURIComponent(each)))") == []
    assert tab.run("document.documentElement.lang") == "en"
    headings = tab.run("[...document.querySelectorAll('h1, h2, h3')].map((each) => each.tagName).join('')")
    assert re.fullmatch("H1(H2)+", headings)


@needs_browser
def test_a_link_opens_the_folded_table_that_it_leads_into(shown):
    tab = shown()
    tab.run("location.hash = '#table-artifacts'; new Promise((done) => addEventListener('hashchange', done))")
    assert tab.run(f"{TABLE}.closest('details').open")


@needs_browser
@pytest.mark.parametrize("is_dark", [False, True])
def test_all_texts_are_readable_in_light_and_dark(shown, is_dark):
    tab = shown(is_dark=is_dark)
    tab.run("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    paper, ink = (tab.run(f"audit.luminance(audit.colour(getComputedStyle(document.body).{name}))") for name in
                  ("backgroundColor", "color"))  # fmt: skip
    assert (paper > 0.9, ink > 0.7) == (not is_dark, is_dark)
    assert tab.run(f"audit.faint({READABLE})") == {}
    assert tab.run(f"audit.faintDrawn({READABLE})") == {}


def test_the_ink_on_every_tile_of_the_heat_map_is_readable():
    greys = [[step / 255] * 3 for step in range(256)]
    for colour in greys:
        high, low = sorted((luminance(colour), float(ink_on(colour) == "#ffffff")), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= READABLE
    assert all(luminance(dark) < luminance(light) for dark, light in pairwise(greys))


@needs_browser
def test_everything_has_words_and_tables_have_captions_and_scoped_heads(shown):
    tab = shown()
    assert tab.run("audit.wordless()") == []
    assert tab.run("document.querySelectorAll('input').length") > 0
    names = tab.run("[...document.querySelectorAll('input')].map((each) => each.getAttribute('aria-label'))")
    assert len(set(names)) == len(names)


@needs_browser
@pytest.mark.parametrize(("width", "is_dark"), [(1400, False), (360, True)])
def test_every_control_is_reached_by_tab_both_ways_and_seen_with_its_focus(shown, width, is_dark):
    tab = shown(width, is_dark=is_dark)
    count = tab.run("audit.number()")
    ahead = walk(tab, count)
    assert [each["place"] for each in ahead] == list(range(count))
    assert [each for each in ahead if not each["outlined"] or each["contrast"] < SEEN] == []
    tab.press("Tab")
    assert tab.run("audit.focused()") is None, "the page holds the focus"
    back = walk(tab, count if width == 360 else 1, shift=True)  # narrow is where things lie below others
    assert [each["place"] for each in back] == list(range(count))[::-1][: len(back)]
    assert [each for each in (*ahead, *back) if not each["seen"]] == []


@needs_browser
def test_the_skip_link_leads_past_the_contents(shown):
    tab = shown()
    tab.press("Tab")
    assert tab.run("document.activeElement.textContent") == "Skip to the content"
    tab.press("Enter")
    tab.press("Tab")
    assert tab.run("document.activeElement.closest('main') !== null")


@needs_browser
def test_a_table_is_unfolded_sorted_and_filtered_by_keys_and_says_so(shown):
    tab = shown()
    tab.run(f"{TABLE}.closest('details').querySelector('summary').focus()")
    tab.press("Enter")
    assert tab.run(f"{TABLE}.closest('details').open")
    tab.run(f"head = {TABLE}.tHead.rows[0].cells[5]; head.querySelector('button').focus()")
    first = f"Number({TABLE}.tBodies[0].rows[0].cells[5].dataset.sort)"
    tab.press("Enter")
    assert tab.run("head.getAttribute('aria-sort')") == "ascending"
    assert tab.run("document.getElementById('said').textContent") == "sorted by seconds, ascending"
    least = tab.run(first)
    tab.press(" ")
    assert tab.run("head.getAttribute('aria-sort')") == "descending"
    assert tab.run(first) > least
    tab.press("Tab", shift=True)
    tab.run(f"{TABLE}.tHead.rows[0].cells[1].querySelector('button').focus()")
    tab.press("Enter")
    assert tab.run("head.getAttribute('aria-sort')") is None
    assert tab.run(f"{TABLE}.tBodies[0].rows[0].cells[1].textContent.trim()") == "curate"


@needs_browser
def test_a_filter_is_typed_told_and_taken_back_with_escape(shown):
    tab = shown()
    tab.run(f"{TABLE}.closest('details').open = true; line = {TABLE}.closest('.table').querySelector('.filter')")
    tab.run("line.querySelector('input').focus()")
    rows = f"[...{TABLE}.tBodies[0].rows].filter((row) => !row.hidden).length"
    everything = tab.run(rows)
    tab.type("PRETRAIN trunk")
    assert tab.run(rows) == 1
    assert tab.run("line.querySelector('output').textContent") == f"1 of {everything} rows"
    tab.press("Escape")
    assert tab.run(rows) == everything
    assert tab.run("line.querySelector('output').textContent") == ""


@needs_browser
def test_a_wide_table_scrolls_by_arrow_keys_and_one_that_fits_is_no_stop(shown):
    tab = shown(360)
    boxes = "[...document.querySelectorAll('.scroll')].filter((each) => each.checkVisibility())"
    assert tab.run(f"{boxes}.filter((each) => each.scrollWidth > each.clientWidth && each.tabIndex !== 0).length") == 0
    assert tab.run(f"{boxes}.filter((each) => each.scrollWidth <= each.clientWidth && each.tabIndex === 0).length") == 0
    tab.run(f"box = {boxes}.find((each) => each.tabIndex === 0); box.focus(); 0")
    tab.press("ArrowRight", 3)
    assert tab.run(
        "new Promise((done) => { const look = () => box.scrollLeft ? done(true) : setTimeout(look); look() })"
    )


def walk(tab, count, *, shift=False):
    """What `count` presses of Tab come by."""
    found = []
    for _ in range(count):
        tab.press("Tab", shift=shift)
        found.append(tab.run("audit.focused()"))
    return found
