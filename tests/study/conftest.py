import io

import pytest
from hydra import compose, initialize
from miniature import MINI, SIZES, frontload, register_mini
from rich.console import Console

from pipeline.core.lock import lock
from pipeline.core.store import Store
from pipeline.study.commands import build
from pipeline.study.config.parsing import parse
from pipeline.study.config.register import register


@pytest.fixture(scope="session", autouse=True)
def _hydra():
    register()
    register_mini()
    with initialize(version_base="1.3", config_path=None):
        yield


@pytest.fixture
def study():
    """Compose and parse an arm from overrides, the smoke recipe unless another is named."""

    def make(*overrides):
        recipe = () if any(each.startswith(("recipe=", "sweep=")) for each in overrides) else ("recipe=smoke",)
        return parse(compose("config", overrides=[*recipe, *overrides]))

    return make


class Runs:
    """A store, and arms of the miniature built into it in this process."""

    def __init__(self, root):
        self.root = root
        self.store = Store(root)
        self.said = ""

    def arm(self, *overrides):
        point = (*MINI, "workers=1", f"store={self.root}", *overrides)
        return point, parse(compose("config", overrides=list(point)))

    def build(self, *overrides):
        """Build an arm; return what failed."""
        heard = io.StringIO()
        failures = build([self.arm(*overrides)], Console(file=heard, width=200))
        self.said = heard.getvalue()
        return failures

    def folders(self, stage="*"):
        return sorted(path.parent.name for path in self.root.glob(f"{stage}/*/record.json"))


@pytest.fixture
def runs(tmp_path):
    return Runs(tmp_path / "runs")


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """One arm of the miniature, built once for all tests that only look at it."""
    runs = Runs(tmp_path_factory.getbasetemp() / "built")
    assert runs.build() == []
    return runs


@pytest.fixture(scope="session")
def swept(tmp_path_factory, worker_id):
    """The sweep `mini` run by its command line, once for all of xdist's workers: its folder, with what it said."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "swept"
    with lock(folder.with_suffix(".lock")):
        if not (folder / "said.txt").exists():
            folder.mkdir()
            line = ("-m", "sweep=mini", "recipe=smoke", *SIZES, "workers=2", "store=runs")
            ran = frontload(*line, cwd=folder)
            assert ran.returncode == 0, ran.stdout + ran.stderr
            (folder / "said.txt").write_text(ran.stdout + ran.stderr)
    return folder
