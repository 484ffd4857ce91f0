"""Which families a checkpoint was trained on, and which ones eval asks: what claims about breadth are judged by."""

from pipeline.study.config.schema import Study


def families_held(study: Study, *, is_tuned: bool) -> dict[str, frozenset[str]]:
    """Families by corpus, of the world's corpora that the checkpoint was trained on besides base text."""
    corpora = {
        f"pretrain:{name}": name for name in study.pretrain_mix.weights if _is_pretrained_on(study, "pretrain_mix")
    }
    corpora |= {f"late:{name}": name for name in study.sft_mix.weights if _is_pretrained_on(study, "sft_mix")}
    if is_tuned:
        corpora |= {f"sft:{name}": name for name in study.sft_mix.weights}
    held = {key: study.resolve_corpus(name).world for key, name in corpora.items()}
    return {key: frozenset(getattr(world, "families", ())) for key, world in held.items() if world}


def tasks_asked(study: Study) -> dict[str, str]:
    """Task to domain: families of the recipe's first suite, controls of all; empty where that is not the world's."""
    from pipeline.tasks.world.controls import CONTROLS
    from pipeline.tasks.world.families import FAMILIES

    worlds = [suite.world for suite in study.eval.suites]
    if not worlds or worlds[0] is None:
        return {}
    asked = {name: FAMILIES[name].domain for name in (*worlds[0].families, *worlds[0].held_out) if name in FAMILIES}
    return asked | {name: "" for world in worlds if world for name in world.families if name in CONTROLS}


def _is_pretrained_on(study: Study, mix: str) -> bool:
    return any(phase.reasoning > 0 and phase.reasoning_of == mix for phase in study.phases.values())
