"""The README's map is the tree, and names every room."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOT_ON_DISK = {"runs/"}  # made by running
NOT_MAPPED = {".gitignore", ".pre-commit-config.yaml", "README.md"}


def mapped():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = text.split("## The map")[1].split("Start reading")[0]
    lines = [re.match(r"( {4,})(\S+) +\S", line) for line in block.splitlines()]
    return [(len(line.group(1)), line.group(2)) for line in lines if line]


def tracked():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if (ROOT / line).exists()]


def test_the_map_of_the_readme_is_the_top_level_of_the_tree():
    on_disk = {path.split("/")[0] + ("/" if "/" in path else "") for path in tracked()}
    top = {name for indent, name in mapped() if indent == 4}
    assert top - NOT_ON_DISK == on_disk - NOT_MAPPED


def test_the_map_names_every_room():
    rooms = {name for indent, name in mapped() if indent == 6}
    assert rooms == {f"{path.parent.name}/" for path in (ROOT / "pipeline").glob("*/__init__.py")}
