"""What a launcher's name decides: where stages are built, how many at once, and in which jobs."""

import io
import os
import pickle
from dataclasses import replace

import pytest
from hydra import compose
from miniature import MINI, frontload
from omegaconf import OmegaConf
from rich.console import Console

from pipeline.core.artifact import Artifact
from pipeline.core.errors import UserError
from pipeline.study.nodes.node import distinct
from pipeline.study.run.chosen import chosen_nodes
from pipeline.study.run.cluster import ClusterJobs, check_cluster
from pipeline.study.run.job_kinds import group_tasks
from pipeline.study.run.launch import Cluster, read_launcher, use_basic_launcher
from pipeline.study.run.order import Order, meeting
from pipeline.study.run.survey import Survey

GPUS = Cluster("slurm", {"gpus_per_node": 8, "nodes": 2, "partition": "gpu", "timeout_min": 60})


def launcher(name, *overrides):
    return compose("config", overrides=[f"hydra/launcher={name}", *overrides], return_hydra_config=True)


def test_joblibs_number_of_jobs_is_the_number_of_workers(study):
    context = study().context
    config = launcher("joblib", "hydra.launcher.n_jobs=3")
    assert read_launcher(config.hydra.launcher, context)[0].workers == 3
    assert read_launcher(config.hydra.launcher, context.model_copy(update={"workers": 2}))[0].workers == 2
    assert read_launcher(launcher("joblib").hydra.launcher, context) == (context, None)
    assert read_launcher(launcher("basic").hydra.launcher, context) == (context, None)


def test_submitit_launchers_are_clusters_with_their_parameters(study):
    config = launcher("submitit_slurm", "hydra.launcher.partition=gpu", "hydra.launcher.gpus_per_node=8")
    _, cluster = read_launcher(config.hydra.launcher, study().context)
    assert cluster.executor == "slurm" and cluster.parameters["partition"] == "gpu" and cluster.num_ranks == 8
    use_basic_launcher(config)
    assert config.hydra.launcher._target_.endswith("BasicLauncher")


def test_an_unknown_launcher_is_named(study):
    with pytest.raises(UserError, match="RayLauncher is not known here; give basic, joblib"):
        read_launcher(OmegaConf.create({"_target_": "some.RayLauncher"}), study().context)


def test_jobs_of_data_have_no_gpu_and_jobs_of_one_process_have_one():
    assert GPUS.num_ranks == 16
    assert "gpus_per_node" not in GPUS.for_data() and GPUS.for_data()["nodes"] == 1
    assert (GPUS.for_one()["gpus_per_node"], GPUS.for_one()["nodes"]) == (1, 1)


def tasks_of(arms, cluster):
    nodes = distinct(node for arm in arms for node in chosen_nodes(arm))
    needed = [frozenset(node.fingerprint for node in distinct(chosen_nodes(arm))) for arm in arms]
    return nodes, group_tasks(nodes, needed, cluster)


@pytest.mark.parametrize(("more", "kinds"), [((), "one"), (("training.parallel=fsdp",), "together")])
def test_each_node_is_in_one_job_and_no_jobs_wait_for_each_other(more, kinds, study):
    arms = [study(*more, f"pretrain_mix={mix}", f"sft_mix={sft}") for mix in ("none", "ldq") for sft in ("shq", "ldq")]
    nodes, tasks = tasks_of(arms, GPUS)
    assert sorted(node.fingerprint for task in tasks for node in task.nodes) == sorted(
        each.fingerprint for each in nodes
    )
    survey, waiting = Survey(nodes), list(tasks)
    while waiting:
        ready = [task for task in waiting if task.is_ready(survey)]
        assert ready
        survey.done |= dict.fromkeys((node.fingerprint for task in ready for node in task.nodes), None)
        waiting = [task for task in waiting if task not in ready]
    trunk = next(task for task in tasks if any(node.label.startswith("trunk-base-s0") for node in task.nodes))
    assert {node.stage for node in trunk.nodes} == {"pretrain"}  # data and evals are jobs of another kind
    branches = [task for task in tasks if any(node.label == "branch-ldq-s0" for node in task.nodes)]
    assert len(branches) == 1


def test_a_kind_of_job_that_comes_again_later_is_another_job(study):
    arm = study("sft.training.parallel=fsdp", "training.parallel=none")
    _, tasks = tasks_of([arm], GPUS)
    by_stage = [[node.stage for node in task.nodes] for task in tasks]
    assert ["sft"] in by_stage and by_stage[-1] == ["eval"]


def test_a_batch_that_cannot_be_divided_is_refused_before_anything_is_submitted(study):
    nodes = distinct(chosen_nodes(study("training.parallel=ddp", "training.batch_rows=6")))
    with pytest.raises(UserError, match=r"16 ranks are more than the rows of a batch \(training.batch_rows=6\)"):
        check_cluster(nodes, replace(GPUS, executor="local"))


def test_slurm_is_asked_for_where_it_is_not(study, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="there is no `srun` here"):
        check_cluster([], GPUS)


def test_an_order_travels_and_builds_its_nodes(runs, monkeypatch):
    _, study = runs.arm("stage=sources")
    nodes = tuple(chosen_nodes(study))
    order = pickle.loads(pickle.dumps(Order(nodes=nodes, context=study.context.absolute(), group="single")))
    monkeypatch.setattr("pipeline.study.run.order.Console", lambda **_: Console(file=io.StringIO()))
    assert order() == {}
    assert len(runs.folders("sources")) == len(nodes)


def test_a_sweep_through_submitit_trains_under_torchrun(tmp_path):
    """The local executor: real jobs in processes of their own, torchrun in the one that trains on two ranks."""
    line = ("-m", *MINI, "stage=pretrain", "pretrain_mix=none", "training.parallel=ddp", "ranks=2", "workers=2")
    ran = frontload(*line, "hydra/launcher=submitit_local", "store=far", cwd=tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    records = [Artifact.open(path.parent).record for path in tmp_path.glob("far/*/*/record.json")]
    assert {record.provenance.num_ranks for record in records if record.stage == "pretrain"} == {2}
    assert all(record.attempt == 1 for record in records)


def script(path, *lines):
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)


def test_slurm_is_told_of_no_gpu_for_data_and_of_all_for_what_trains_on_them(study, runs, tmp_path, monkeypatch):
    """Slurm's commands are stood in for: `sbatch` keeps what it is given, and no job ever starts."""
    script(tmp_path / "srun")
    script(tmp_path / "sbatch", f'cp "$1" "{tmp_path}/$(ls {tmp_path} | wc -l).sh"', 'echo "Submitted batch job 7"')
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    parameters = OmegaConf.to_container(launcher("submitit_slurm").hydra.launcher, resolve=True)
    parameters |= {"gpus_per_node": 8, "nodes": 2, "partition": "gpu", "submitit_folder": str(tmp_path / "jobs")}
    parameters.pop("_target_")
    cluster = Cluster("slurm", parameters)
    arm = study("training.parallel=fsdp")
    check_cluster([], cluster)
    _, tasks = tasks_of([arm], cluster)
    order = Order(nodes=(), context=arm.context, group="two words")
    crew = ClusterJobs(cluster, order, runs.store, num_workers=1)
    for task in tasks:
        crew.give(task, Survey([]))
    texts = [path.read_text() for path in sorted(tmp_path.glob("*.sh"))]
    told = {task.nodes[0].stage: text for task, text in zip(tasks, texts, strict=True)}
    assert "--gpus-per-node" not in told["sources"] and "--nodes=1" in told["sources"]
    assert "--gpus-per-node=8" in told["pretrain"] and "--nodes=2" in told["pretrain"]
    assert "--gpus-per-node=1" in told["eval"] and "--nodes=1" in told["eval"]
    assert all("--partition=gpu" in text and "--ntasks-per-node=1" in text for text in told.values())


def port_of(job_id, node=0):
    words = meeting(job_id, 2, node, "first")
    assert words[:6] == ["--nnodes", "2", "--node-rank", str(node), "--master-addr", "first"]
    return int(words[words.index("--master-port") + 1])


def test_the_nodes_of_a_job_meet_at_one_port_and_jobs_on_one_node_at_different_ones():
    assert port_of("4711") == port_of("4711", node=1)
    assert len({port_of(str(job)) for job in range(4711, 4711 + 1000)}) == 1000
    assert len({port_of(f"4711_{part}") for part in range(8)}) == 8
    assert all(20_000 <= port_of(job) < 32_768 for job in ("1", "99999999", "12767", "12768"))
    assert meeting("4711", 1, 0, "first") == ["--standalone"]
