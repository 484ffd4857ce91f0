"""The W&B report from the page's data: what is in it, what it says is missing, and what is sent."""

import json

import pytest

from pipeline.core.errors import UserError
from pipeline.study.results import dashboard, publish

SPEC = {
    "schema": 1,
    "title": "Breadth or quality?",
    "sweep": "asymmetry",
    "question": "Where should it be spent?",
    "answer": ["Of 2 claims 1 supported.", "The best is ldq."],
    "note": "",
    "sections": [
        {
            "id": "verdicts",
            "title": "Verdicts",
            "says": "Computed.",
            "figures": [],
            "tables": [
                {
                    "name": "verdicts",
                    "caption": "Verdicts",
                    "note": "",
                    "folded": False,
                    "columns": ["claim", "ours"],
                    "rows": [["C|1", "+9.1 [+6.0, +12.2]"]],
                },
                {"name": "long", "caption": "Long", "note": "", "folded": True, "columns": ["a"], "rows": [["b"]]},
            ],
        },
        {"id": "curves", "title": "Learning curves", "says": "Loss.", "figures": [], "tables": []},
    ],
    "runs": [
        {"id": "a" * 16, "stage": "pretrain", "label": "branch-ldq-s0", "seed": 0},
        {"id": "b" * 16, "stage": "sft", "label": "ldq > shq-s0", "seed": 0},
    ],
}
KEY = "0123456789abcdef"


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """A machine that knows no key of W&B."""
    for name in ("WANDB_API_KEY", "WANDB_PROJECT", "WANDB_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


def test_markdown_says_what_the_page_says():
    text = dashboard.as_markdown(SPEC)
    assert text.startswith(
        "# Breadth or quality?\n\n## Answer\n\n*Where should it be spent?*\n\nOf 2 claims 1 supported."
    )
    assert "| claim | ours |\n| --- | --- |\n| C\\|1 | +9.1 [+6.0, +12.2] |" in text
    assert "Long" not in text


def test_what_is_missing_is_said_with_its_remedy(nowhere):
    assert "tracking is not online: give tracking=online" in dashboard.missing("offline")
    assert "no key: set WANDB_API_KEY, or log in with `wandb login`" in dashboard.missing("online")
    assert "tracking is not online: give tracking=online" not in dashboard.missing("online")


def test_a_key_may_be_in_the_environment_or_in_netrc(nowhere, monkeypatch, tmp_path):
    def lacks_key():
        return any(line.startswith("no key") for line in dashboard.missing("online"))

    (tmp_path / "netrc").write_text(f"machine other.example login user password {KEY}\n")
    assert lacks_key()
    (tmp_path / "netrc").write_text(f"machine api.wandb.ai login user password {KEY}\n")
    assert not lacks_key()
    (tmp_path / "netrc").unlink()
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    assert not lacks_key()


class Api:
    """W&B's own client, as far as saving a report asks it anything."""

    default_entity = "team"

    def __init__(self):
        self.created = []

    def projects(self, _):
        return []

    def create_project(self, *names):
        self.created.append(names)


@pytest.fixture
def server(monkeypatch, nowhere):
    """wandb-workspaces with its one door to the server replaced: what is sent through it."""
    interface = pytest.importorskip("wandb_workspaces.reports.v2.interface", reason="wandb-workspaces is not installed")
    import wandb

    api, sent = Api(), []

    def graphql(_, __, variables):
        sent.append(variables)
        view = {
            "id": "view1",
            "name": variables["name"],
            "displayName": variables["displayName"],
            "description": variables["description"],
            "project": {"name": variables["projectName"], "entityName": variables["entityName"], "id": "p"},
            "createdAt": "2026-01-01T00:00:00",
            "updatedAt": "2026-01-01T00:00:00",
            "spec": variables["spec"],
            "previewUrl": None,
            "user": {"name": "n", "username": "u", "userInfo": {}},
        }
        return {"upsertView": {"view": view}}

    monkeypatch.setattr(interface, "_get_api", lambda: api)
    monkeypatch.setattr(interface, "execute_graphql", graphql)
    monkeypatch.setattr(interface, "get_app_url", lambda _: "https://wandb.example")
    monkeypatch.setattr(wandb, "Api", lambda: api)
    return api, sent


def test_report_holds_verdicts_grid_and_the_curves_of_the_pages_runs(server, tmp_path):
    api, sent = server
    address = publish._send(SPEC, tmp_path)
    assert address.startswith("https://wandb.example/team/frontload/reports/Breadth-or-quality?-(asymmetry)--view1")
    assert api.created == [("frontload", "team")]
    (view,) = sent
    assert (view["displayName"], view["projectName"]) == ("Breadth or quality? (asymmetry)", "frontload")
    blocks = json.loads(view["spec"])["blocks"]
    text = json.dumps(blocks)
    assert "| C\\\\|1 | +9.1 [+6.0, +12.2] |" in text
    (grid,) = [block for block in blocks if block["type"] == "panel-grid"]
    sets = grid["metadata"]["runSets"]
    assert [each["name"] for each in sets] == ["pretrain", "sft"]
    assert "a" * 16 in json.dumps(sets[0]["filters"]) and "b" * 16 not in json.dumps(sets[0])
    assert len(grid["metadata"]["panelBankSectionConfig"]["panels"]) == 3


def test_a_refusal_is_one_line_without_the_key_and_names_what_was_written(server, monkeypatch, tmp_path):
    monkeypatch.setenv("WANDB_API_KEY", KEY)

    def refused(*_):
        raise RuntimeError(f"401 for\n{KEY}")

    api, _ = server
    monkeypatch.setattr(api, "projects", refused)
    with pytest.raises(UserError) as raised:
        publish._send(SPEC, tmp_path)
    assert str(raised.value) == f"W&B did not take the report (401 for ***); what was to be sent lies in {tmp_path}"


def test_without_a_server_the_report_is_written_and_what_is_missing_is_said(runs, nowhere):
    import io

    from rich.console import Console

    assert runs.build() == []
    heard = io.StringIO()
    publish.publish_dashboard([runs.arm()], Console(file=heard, width=400))
    (folder,) = runs.root.glob("publish/*/report.md")
    assert "## The grid" in folder.read_text()
    assert json.loads(folder.with_name("report.json").read_text())["runs"]
    assert "not sent to W&B: tracking is not online: give tracking=online" in heard.getvalue()
