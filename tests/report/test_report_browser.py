"""The page in a real browser (Debian's chromium): no error on its console, sorting, filtering, links, three widths."""

import html
import json
import re
import shutil
import subprocess

import pytest
from report_gallery import gallery, judged

from pipeline.core.track import Silent
from pipeline.report.config import Report
from pipeline.report.report import report

pytestmark = pytest.mark.skipif(
    shutil.which("chromium") is None,
    reason="no chromium (apt-get install chromium): the page is not checked",
)
OPTIONS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
PROBE = """<script>
const errors = [];
addEventListener("error", (event) => errors.push(String(event.message || event.target.src)), true);
addEventListener("unhandledrejection", (event) => errors.push(String(event.reason)));
for (const kind of ["error", "warn"]) console[kind] = (...words) => errors.push(words.join(" "));
</script>"""
LOOK = """<script>
function look() {
  const found = {errors, width: innerWidth, wide: document.documentElement.scrollWidth};
  const table = document.getElementById("table-artifacts");
  const first = (column) => table.tBodies[0].rows[0].cells[column].textContent.trim();
  const head = (column) => table.tHead.rows[0].cells[column];
  const press = (column) => head(column).querySelector("button").click();
  press(5); found.least = Number(first(5)); found.up = head(5).getAttribute("aria-sort");
  press(5); found.most = Number(first(5)); found.down = head(5).getAttribute("aria-sort");
  press(1); found.cleared = head(5).getAttribute("aria-sort"); found.stage = first(1);
  const input = table.closest(".table").querySelector("input");
  input.value = "PRETRAIN trunk"; input.dispatchEvent(new Event("input"));
  found.shown = [...table.tBodies[0].rows].filter((row) => !row.hidden).length;
  found.said = table.closest(".table").querySelector("output").textContent;
  input.value = ""; input.dispatchEvent(new Event("input"));
  found.back = [...table.tBodies[0].rows].filter((row) => !row.hidden).length;
  const links = [...document.querySelectorAll("a[href^='#']")];
  found.links = links.length;
  found.broken = links.filter((a) => !document.getElementById(decodeURIComponent(a.hash.slice(1)))).map((a) => a.hash);
  location.hash = "#table-artifacts";
  openTarget();
  found.opened = table.closest("details").open;
  found.nameless = [...document.querySelectorAll("button, input, a, [role=region], [role=img]")]
    .filter((each) => !(each.textContent.trim() || each.getAttribute("aria-label") || each.closest("label"))).length;
  found.headings = [...document.querySelectorAll("h1, h2, h3")].map((each) => each.tagName).join("");
  found.language = document.documentElement.lang;
  const ink = (element) => getComputedStyle(element).color;
  found.ink = ink(document.body); found.paper = getComputedStyle(document.body).backgroundColor;
  found.drawn = ink(document.querySelector(".drawing svg"));
  document.title = JSON.stringify(found);
}
look();
</script></body>"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    out = root / "report" / "page"
    out.mkdir(parents=True)
    arms = gallery(root, seeds=(0,), mixes=("none", "ldq"), sfts=("shq",))
    report(Report(title="Breadth?", sweep="s"), arms, out=out, track=Silent(), judged=judged(root))
    text = (out / "index.html").read_text().replace("<head>", f"<head>{PROBE}").replace("</body>", LOOK)
    (out / "probe.html").write_text(text)
    return out / "probe.html"


def seen(page, tmp_path, *options):
    """What the page says of itself once its scripts have run."""
    command = ["chromium", *OPTIONS, f"--user-data-dir={tmp_path / 'profile'}", *options, "--dump-dom", page.as_uri()]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    title = re.search(r"<title>(.*?)</title>", shown, re.DOTALL)
    return json.loads(html.unescape(title.group(1)))


@pytest.mark.parametrize("width", [360, 820, 1400])
def test_page_works_at_any_width(page, tmp_path, width):
    # Headless windows are no narrower than 500: a frame of the asked width holds the page instead.
    frame = page.with_name(f"frame-{width}.html")
    look = "const f = document.querySelector('iframe'); f.onload = () => { document.title = f.contentDocument.title; };"
    body = f'<iframe src="{page.name}" style="width:{width}px;height:900px;border:0"></iframe><script>{look}</script>'
    frame.write_text(f"<!doctype html><title>{{}}</title>{body}")
    found = seen(
        frame, tmp_path, "--allow-file-access-from-files", "--window-size=1500,1000", "--virtual-time-budget=4000"
    )
    assert found["errors"] == []
    assert found["width"] == width
    assert found["wide"] <= width, "the page scrolls sideways"
    assert (found["up"], found["down"], found["cleared"]) == ("ascending", "descending", None)
    assert found["least"] < found["most"]
    assert found["stage"] == "curate"
    assert (found["shown"], found["said"]) == (1, f"1 of {found['back']} rows")
    assert found["links"] > 40
    assert found["broken"] == []
    assert found["opened"]
    assert found["nameless"] == 0
    assert found["headings"].startswith("H1H2")
    assert "H1" not in found["headings"][2:]
    assert found["language"] == "en"


def test_page_and_its_figures_turn_with_light_and_dark(page, tmp_path):
    light = seen(page, tmp_path / "light")
    dark = seen(page, tmp_path / "dark", "--force-dark-mode", "--blink-settings=preferredColorScheme=0")
    for found in (light, dark):
        assert found["errors"] == []
        assert found["drawn"] == found["ink"]
    assert brightness(light["paper"]) > 200 > brightness(light["ink"])
    assert brightness(dark["paper"]) < 60 < brightness(dark["ink"])


def brightness(colour):
    return sum(map(int, re.findall(r"\d+", colour)[:3])) / 3
