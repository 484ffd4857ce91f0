import pytest
from hydra import compose, initialize

from pipeline.study.register import register
from pipeline.study.schema import parse


@pytest.fixture(scope="session", autouse=True)
def _hydra():
    register()
    with initialize(version_base="1.3", config_path=None):
        yield


@pytest.fixture
def study():
    """Compose and parse an arm from overrides, the smoke recipe unless another is named."""

    def make(*overrides):
        recipe = () if any(each.startswith(("recipe=", "sweep=")) for each in overrides) else ("recipe=smoke",)
        return parse(compose("config", overrides=[*recipe, *overrides]))

    return make
