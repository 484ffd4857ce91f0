"""What a stage says in words while it runs: kept in its log, and said once on the terminal."""

import io

import orjson
from rich.console import Console

from pipeline.core.store import Store
from pipeline.study.graph import arm_graph
from pipeline.study.run.survey import survey
from pipeline.study.run.tracker import Progress, RunTracker
from pipeline.study.run.view import View
from pipeline.study.run.wandb_run import RunIdentity

LINE = "loss spike at step 7: 9.000 is over 3.000; its documents: base 3, 17"


def test_a_remark_stays_in_the_log_and_on_the_terminal(study, tmp_path):
    node = arm_graph(study())["mix:sft"]
    heard = io.StringIO()
    view = View(Console(file=heard, width=200), survey([node], Store(tmp_path / "store")), 1)
    identity = RunIdentity(
        fingerprint=node.fingerprint, stage=node.stage, label=node.label, group="single", config=node.literals
    )
    tracker = RunTracker(identity, tmp_path / "logs", view.progressed, "off")
    with view:
        view.started(node)
        tracker.log(6, {"loss": 3.0})
        tracker.remark(7, LINE)
        tracker.close(failed=False)
        view.finished(node)
    rows = [orjson.loads(line) for line in (tmp_path / "logs" / "metrics.jsonl").read_bytes().splitlines()]
    assert [(row["step"], row.get("loss"), row.get("remark")) for row in rows] == [(6, 3.0, None), (7, None, LINE)]
    assert heard.getvalue().count(f"note mix sft-shq: {LINE}") == 1


def test_the_end_of_a_stage_tells_its_loss_and_no_time_that_is_left(study, tmp_path):
    node = next(node for key, node in arm_graph(study()).items() if key == "sft")
    heard = io.StringIO()
    view = View(Console(file=heard, width=200), survey([node], Store(tmp_path / "store")), 1)
    with view:
        view.started(node)
        view.progressed(
            Progress(node.fingerprint, 9, 10, "tokens", "loss 2.345 (shq 2.3), 27,114 tokens/s, 0:00:01 left")
        )
        view.finished(node)
    assert "(loss 2.345 (shq 2.3), 27,114 tokens/s)\n" in heard.getvalue()
