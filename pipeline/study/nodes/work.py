"""Rough seconds that a stage takes on one core of a laptop: for the order of work and the first ETA, nothing else.

The numbers were read off records of the tunnel and the smoke recipe. As soon as a stage of a kind is done, its
measured time counts instead (`estimate`).
"""

from pipeline.eval.config import Eval
from pipeline.lm.config import Model, Training
from pipeline.sources.config import Corpus

SECONDS_A_DOCUMENT = {"sources": 6e-5, "curate": 4e-5, "measure": 20e-5, "tokenize": 14e-5}
SECONDS_OF_A_MIX = 0.1
DOCUMENTS_OF_FILES = 20_000  # nobody has counted them yet
BENCHMARK_PROBLEMS = 1000  # likewise
START = 3.0  # a worker's first torch
COMPILE = 20.0


def of_documents(corpus: Corpus, seconds_each: float) -> float:
    """Reading, writing or encoding a corpus."""
    drawn = corpus.world or corpus.alchemy
    count = drawn.num_documents if drawn else DOCUMENTS_OF_FILES
    return of_count(count, seconds_each)


def of_count(count: float, seconds_each: float) -> float:
    """So many documents."""
    return 0.3 + count * seconds_each


def of_training(model: Model, training: Training, tokens: float) -> float:
    """Steps over so many tokens of input: 75 GFLOP/s, twice that in bf16, and a little for each token."""
    flops = 6 * num_parameters(model) * (0.5 if training.precision == "bf16" else 1.0)
    return of_flops(training, tokens, tokens * flops)


def of_flops(training: Training, tokens: float, flops: float) -> float:
    """Steps over so many tokens that take so many FLOPs at full precision's speed."""
    return START + COMPILE * training.compile + tokens * 8e-6 + flops / 75e9


def of_eval(config: Eval) -> float:
    """Generation for all problems and sampled traces."""
    completions = 0
    for suite in config.suites:
        file = suite.gsm8k or suite.code
        tasks, each = 1, (file.num_problems or BENCHMARK_PROBLEMS) if file else 0
        if suite.world:
            tasks = len({*suite.world.families, *suite.world.held_out})
            each = suite.world.problems_per_family
        if suite.harness:
            tasks, each = len(suite.harness.tasks), suite.harness.limit or BENCHMARK_PROBLEMS
        completions += tasks * (each + config.traces * min(config.graded_problems, each))
    return START + completions * config.max_new_tokens * 6e-5


def num_parameters(model: Model) -> int:
    """Weights in the layers, about: attention with its shared keys and values, and a gated MLP."""
    shared = model.num_key_value_heads / model.num_attention_heads
    attention = model.hidden_size**2 * (2 + 2 * shared)
    return round(model.num_hidden_layers * (attention + 3 * model.hidden_size * model.intermediate_size))
