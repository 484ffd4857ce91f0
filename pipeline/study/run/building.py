"""What the arms ask for, built: surveyed, checked, shown, handed to the runner; and the failures told."""

import sys
from collections.abc import Sequence

from rich.console import Console

from pipeline.core.errors import UserError
from pipeline.core.store import Store
from pipeline.study.complain import complain
from pipeline.study.config.schema import Context
from pipeline.study.nodes.absences import say_absent
from pipeline.study.nodes.node import Node, distinct
from pipeline.study.place import make_writable, open_store, say_network
from pipeline.study.run.chosen import Arm, chosen_nodes, command_for
from pipeline.study.run.cluster import ClusterJobs, check_cluster
from pipeline.study.run.fit import check_backend, check_prompts, check_sandbox
from pipeline.study.run.follow import check_ranks
from pipeline.study.run.handing import Failure
from pipeline.study.run.job_kinds import group_tasks
from pipeline.study.run.launch import Cluster
from pipeline.study.run.order import Order
from pipeline.study.run.preview import headline, needed_by_arm, show_preview
from pipeline.study.run.runner import Runner
from pipeline.study.run.speeds import learn_from
from pipeline.study.run.survey import Survey, survey
from pipeline.study.run.view import View
from pipeline.study.terminal import say


def build(
    arms: Sequence[Arm], console: Console, *, context: Context | None = None, cluster: Cluster | None = None
) -> list[Failure]:
    """Build what the arms ask for, shared stages once, over the workers or a cluster's jobs. Returns what failed.

    context: instead of the first arm's. Raises UserError for whatever can be known to fail before it starts.
    """
    first = arms[0][1]
    context = context or first.context
    store = open_store(context)
    targets = [node for _, study in arms for node in chosen_nodes(study)]
    forced = frozenset(node.fingerprint for node in targets) if first.force else frozenset[str]()
    needed = needed_by_arm(arms)
    found = survey(distinct(targets), store, forced)
    runner = Runner(context=context, group=first.sweep.name if first.sweep else "single", forced=forced)
    estimate = learn_from(store.artifacts(unreadable=[]))
    view = View(console, found, min(_at_once(runner, cluster), max(len(found.todo), 1)), estimate)
    _check(arms, found, context, cluster)
    say_network(console, context)
    say_absent(console, (study for _, study in arms), found.todo)
    show_preview(console, arms, needed, found, estimate)
    say(console, headline(len(arms), found, view.seconds_left()))
    if cluster is None:
        return runner.build(found, view)
    return _build_on_cluster(runner, cluster, found, view, needed, store)


def report_failures(failures: Sequence[Failure], arms: Sequence[Arm], console: Console) -> None:
    """Say for each failure its cause, the arms it takes along and the command that repeats it.

    Exits 2 if all are the user's to mend, 1 otherwise.
    """
    if not failures:
        return
    needed = [{node.fingerprint for node in nodes} for nodes in needed_by_arm(arms)]
    hit = [any(failure.node.fingerprint in each for failure in failures) for each in needed]
    for failure in failures:
        complain(f"{failure.node.stage} {failure.node.label}: {failure.error}")
        say(console, f"again: {command_for(failure.node, arms)}")
    if len(arms) > 1:
        say(
            console,
            f"{len(arms) - sum(hit)} of {len(arms)} arms are complete; the same line carries on with the others",
        )
    sys.exit(2 if all(isinstance(failure.error, UserError) for failure in failures) else 1)


def _check(arms: Sequence[Arm], found: Survey, context: Context, cluster: Cluster | None) -> None:
    """Raise UserError for what would fail after hours."""
    if not found.todo:
        return
    if cluster is None:
        check_ranks(found.todo)
        check_backend(found.todo)
    else:
        check_cluster(found.todo, cluster)
    check_prompts(study for _, study in arms)
    check_sandbox(found.todo)
    make_writable(context.store)


def _at_once(runner: Runner, cluster: Cluster | None) -> int:
    return runner.num_workers if cluster is None else cluster.num_at_once or runner.num_workers


def _build_on_cluster(
    runner: Runner, cluster: Cluster, found: Survey, view: View, needed: Sequence[Sequence[Node]], store: Store
) -> list[Failure]:
    order = Order(nodes=(), context=runner.context.absolute(), group=runner.group, forced=runner.forced)
    arms = [frozenset(node.fingerprint for node in nodes) for nodes in needed]
    return runner.build(
        found,
        view,
        tasks=group_tasks(found.todo, arms, cluster),
        hire=lambda: ClusterJobs(cluster, order, store, runner.num_workers),
    )
