"""What the door imports before there is anything to do, and that it works from a wheel."""

import copy
import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hydra import compose
from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf

ROOT = Path(__file__).parents[2]
HEAVY = {"torch", "transformers", "pandas", "datasets", "numpy", "pyarrow", "wandb", "matplotlib", "datatrove"}
SPY = """
import sys
sys.argv = ["frontload", *{args!r}]
from pipeline.study.door import main
try:
    main()
finally:
    print("LOADED", *sorted({heavy!r} & set(sys.modules)))
"""


@pytest.mark.parametrize("args", [["--help"], ["--cfg", "job"], ["--cfg", "job", "sweep=smoke"]])
def test_help_and_config_load_nothing_heavy(args, tmp_path):
    spy = [sys.executable, "-c", SPY.format(args=args, heavy=HEAVY)]
    ran = subprocess.run(spy, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "LOADED"
    assert "recipe" in ran.stdout


def test_a_question_to_the_store_loads_nothing_that_trains_or_draws(tmp_path):
    spy = [sys.executable, "-c", SPY.format(args=["recipe=smoke", "stage=why", "store=none"], heavy=HEAVY)]
    ran = subprocess.run(spy, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert not {"torch", "transformers", "matplotlib", "datasets", "wandb"} & set(ran.stdout.splitlines()[-1].split())
    assert "sources" in ran.stdout


def test_folders_of_the_study_are_no_groups_to_hydra(tmp_path):
    spy = [sys.executable, "-c", SPY.format(args=["--cfg", "job", "results=elsewhere"], heavy=HEAVY)]
    ran = subprocess.run(spy, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "results: elsewhere" in ran.stdout
    folders = {path.name for path in (ROOT / "pipeline" / "study").iterdir() if path.is_dir()} - {"__pycache__"}
    assert "results" in folders
    for name in folders - {"results", "plan"}:  # `plan` is a key of several
        spy = [sys.executable, "-c", SPY.format(args=["--cfg", "job", f"{name}=x"], heavy=HEAVY)]
        ran = subprocess.run(spy, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ran.returncode == 2 and f"unknown key '{name}'" in ran.stderr


@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("build", "hatchling")),
    reason="building a wheel without the network needs `build` and `hatchling` in this environment",
)
def test_a_wheel_holds_the_yaml_folders_and_the_pages_templates_and_works(tmp_path):
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    unpacked = tmp_path / "unpacked"
    zipfile.ZipFile(wheel).extractall(unpacked)
    for inside in ("_configs/recipes/smoke.yaml", "_configs/data_mixes/corpora/ldq.yaml", "_configs/sweeps/smoke.yaml"):
        assert (unpacked / "pipeline" / inside).is_file()
    assert list((unpacked / "pipeline" / "report" / "templates").iterdir())
    script = f"import sys; sys.path.insert(0, {str(unpacked)!r}); from pipeline.study.door import main; main()"
    line = [sys.executable, "-c", script, "recipe=smoke", "--cfg", "job"]
    ran = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "recipe_name: smoke" in ran.stdout


def test_hydra_does_not_copy_every_config_for_each_group_of_the_help():
    store = ConfigStore.instance()
    assert copy.deepcopy(store).repo is store.repo


def test_a_composed_config_can_be_changed_and_the_next_one_is_as_before():
    first = compose("config", overrides=["recipe=smoke"])
    before = OmegaConf.to_container(first, resolve=False)
    first.corpora.ldq.world.num_documents = -1
    first.seed = 99
    assert OmegaConf.to_container(compose("config", overrides=["recipe=smoke"]), resolve=False) == before
