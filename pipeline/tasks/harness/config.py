"""What a suite asks of EleutherAI's harness: which of its tasks, with how many examples, how often."""

from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from pipeline.core.config import Config


class HarnessTask(Config):
    """One benchmark: the harness's own task or group, its prompts, targets and scorer as they are.

    What stands here and differs from the harness's YAML is what a study may choose: examples, samples, tokens.
    """

    task: str
    """The harness's name of the task or group, such as `gsm8k` or `mmlu`."""
    version: float | None = None
    """The pinned version of its YAML; another one is refused. None: whichever the installed harness has."""
    dataset: str = ""
    """Its data on the hub, as the harness's YAML names it; found below `data_root`. Empty: the task brings its own."""
    metric: str
    """The harness's metric that says whether an answer is right, such as `acc_norm`."""
    filter: str = "none"
    """The harness's way of reading the answer out of a completion, such as `strict-match`."""
    domain: str = ""
    """The group of benchmarks whose mean it enters; empty: none."""
    num_fewshot: int | None = Field(default=None, ge=0)
    """Solved examples in front of each problem; None: as the task has it."""
    samples: int = Field(default=1, ge=1)
    """Completions a problem: the score is their mean. More than one are sampled at `temperature`."""
    temperature: float = Field(default=0.0, ge=0)
    """Of the completions; 0: as the task has it, which is greedy for most."""
    max_gen_toks: int | None = Field(default=None, ge=1)
    """Longest completion, in tokens; None: as the task has it."""
    get: str = ""
    """How to get what it lacks, where that is not the usual download."""
    checksums: dict[str, str] = {}
    """Of its files' content, filled in by the study so that they are part of what is asked."""
    has: tuple[str, ...] = ()
    """What of its needs is here (`needs`), filled in by the study: what could not be scored then is asked again."""

    @model_validator(mode="after")
    def _can_differ(self) -> Self:
        if self.samples > 1 and self.temperature == 0:
            raise ValueError(f"{self.samples} samples of task {self.task!r} would be equal; give a `temperature`")
        return self


class HarnessSuite(Config):
    """Benchmarks by label, run by `lm_eval.simple_evaluate` on the model in memory."""

    tasks: dict[str, HarnessTask] = Field(min_length=1)
    limit: int | None = Field(default=None, ge=1)
    """The first so many problems of each task, and of each subtask of a group; None: all."""
    max_gen_toks: int | None = Field(default=None, ge=1)
    """No completion is longer, in tokens, whatever the tasks say: for a model with few positions. None: as they say."""
    apply_chat_template: bool = False
    """Put the question as a user's turn, as after SFT; otherwise as plain text, as before it."""
    strip_thoughts: bool = False
    """Score what stands behind `</think>` only; the row keeps all that was said."""
    include: str = ""
    """A folder below `data_root` with task YAMLs of one's own."""
    seed: int = Field(default=1234, ge=0)
    """Of the harness's few-shot draws; its own default."""
    harness_version: str = ""
    """Of the installed harness, filled in by the study."""
    checksums: dict[str, str] = {}
    """Of the files below `include`, filled in by the study."""

    @field_validator("tasks", mode="before")
    @classmethod
    def _named_by_label(cls, value: Any) -> Any:
        """A task that does not say its harness name is called as its label."""
        if not isinstance(value, dict):
            return value
        return {label: {"task": label, **task} if isinstance(task, dict) else task for label, task in value.items()}
