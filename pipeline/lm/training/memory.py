"""When memory runs out in a step: which micro-batch would fit, found by trying."""

import gc

import torch

from pipeline.core.errors import UserError
from pipeline.lm.training.batch import Batch
from pipeline.lm.training.engine import Engine


def is_exhausted(error: Exception) -> bool:
    """Whether an error says that memory ran out: on an accelerator, or on the host, where torch has no class for it."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


def exhausted(engine: Engine, batch: Batch, step: int) -> UserError:
    """The error to raise for a step that ran out of memory; names the micro-batch that fits.

    One process tries each half of the micro-batch for nothing; with several, whose passes must meet, the next half is
    named untried.
    """
    rows, length = engine.rows_at_once, batch.input_ids.shape[1]
    smaller = _halves(engine.num_rows, rows)
    if engine.num_ranks > 1:
        fitting, how = (smaller[0] if smaller else 0), "try"
    else:
        fitting, how = next((half for half in smaller if _fits(engine, batch, half)), 0), "this fits, give"
    trouble = f"step {step}: out of memory with {rows} rows of {length} tokens at once"
    if not fitting:
        return UserError(f"{trouble}, and not one row fits; shorten sequence_length or take a smaller model")
    return UserError(f"{trouble}; {how} training.micro_batch_rows={fitting} (the gradient is the same)")


def _halves(num_rows: int, rows: int) -> list[int]:
    """Smaller micro-batches that divide a rank's rows, each at most half of the one before."""
    halves: list[int] = []
    while rows > 1:
        rows = next(half for half in range(rows // 2, 0, -1) if num_rows % half == 0)
        halves.append(rows)
    return halves


def _fits(engine: Engine, batch: Batch, rows: int) -> bool:
    """Whether a pass over some rows has room beside the optimizer's moments, which the first step has yet to make."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    try:
        moments = [] if engine.moments() else [torch.empty_like(p) for p in engine.lm.parameters() for _ in range(2)]
        engine.rehearse(batch, rows)
        del moments
    except (RuntimeError, MemoryError) as error:
        if not is_exhausted(error):
            raise
        return False
    return True
