"""A repair of torch's compiler on the CPU, without which some models write past their buffers.

Where a reduction is tiled over an outer and the innermost axis with another axis between them, torch 2.13 stores a
whole vector also at the outer axis's end, where fewer values are left: it overwrites the next row, or the heap
(pytorch issue 196681; the remedy, 196882, is not in yet). Gradients of Mamba-2 with 8 heads in bf16 meet it and
crash. The repair has the end written apart, as where no axis lies between; other code it leaves as it is.
"""

from typing import Any

import torch

_BROKEN = "2.13."


def repair() -> None:
    """Mend the code generator, once in this process; nothing to do for a torch that is not known to be broken."""
    from torch._inductor.codegen.cpp import CppKernelProxy

    proxy: Any = CppKernelProxy
    original = proxy.aggregate_reduction_buffers
    if not torch.__version__.startswith(_BROKEN) or hasattr(original, "is_repaired"):
        return

    def aggregate(self: Any, is_end_apart: bool, outer_loop: Any) -> None:
        original(self, is_end_apart or _reduces_further_in(self.loop_nest.loops, outer_loop), outer_loop)

    cached: Any = torch.compiler.config
    cached.cache_key_tag += "/frontload-196681"  # code from before the repair is not to be taken from the cache
    setattr(aggregate, "is_repaired", True)  # noqa: B010 - functions take attributes, pyright does not know which
    proxy.aggregate_reduction_buffers = aggregate


def _reduces_further_in(loops: list[Any], outer_loop: Any) -> bool:
    """Whether a loop inside the outer tiled one is a reduction, and it itself is none."""
    if outer_loop is None or outer_loop.is_reduction:
        return False
    places = [place for place, loop in enumerate(loops) if loop is outer_loop]
    return any(loop.is_reduction for loop in loops[places[0] + 1 :])
