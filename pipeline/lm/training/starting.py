"""An engine put together: the model where it trains, compiled where asked for, and a new optimizer over it."""

from transformers import PreTrainedModel

from pipeline.core import collector
from pipeline.lm.config import Optimizer, Training
from pipeline.lm.models import attention, inductor
from pipeline.lm.training import ranks
from pipeline.lm.training.engine import Engine
from pipeline.lm.training.objective import NextTokenLoss
from pipeline.lm.training.optimizer import make_optimizer
from pipeline.lm.training.spread import make_accelerator, spread


def start_engine(lm: PreTrainedModel, optimizer: Optimizer, training: Training, num_sources: int) -> Engine:
    """Put a model and a new optimizer on the device: a GPU where there is one, else the CPU. Collective.

    A process that makes several runs of one shape compiles once: the compiled graph takes weights as inputs.
    Raises UserError where the batch cannot be cut among the ranks, or Accelerate is told to shard in its own way.
    """
    ranks.refuse_rivals()
    accelerator = make_accelerator(training)
    ranks.rows_of_rank(training, accelerator.num_processes)
    if training.precision == "bf16" and accelerator.device.type == "cpu":
        attention.register()
        lm.set_attn_implementation(attention.CPU_ATTENTION)
    lm.train()
    with collector.at_rest():  # torch loads its compiler here
        if training.compile:
            inductor.prepare()
        objective = spread(NextTokenLoss(lm, is_bf16=training.precision == "bf16"), training, accelerator)
    made = make_optimizer(lm, optimizer)  # after sharding, which puts other parameters in the place of the former
    return Engine(lm, made, accelerator, objective, training, optimizer.lr, optimizer.clip, num_sources)
