"""What an arm is called: by people, and by its random streams."""

from pipeline.study.config.schema import Study


def world_key(study: Study) -> str:
    """The random streams of corpora and eval problems, which a seed redraws."""
    return f"{study.study}/seed{study.seed}"


def arm_name(study: Study) -> str:
    """An arm as people say it: `ldq > 2x shq`."""
    if study.sft.budget == 0:
        return after_pretraining(study)
    return f"{after_pretraining(study)} > {sft_name(study)}"


def sft_name(study: Study) -> str:
    """What SFT reads, as people say it: `2x shq`."""
    times = "" if study.sft.passes == 1 else f"{study.sft.passes:g}x "
    return f"{times}{study.sft_mix.name}"


def after_pretraining(study: Study) -> str:
    """An arm before SFT, as people say it."""
    return study.pretrain_mix.name
