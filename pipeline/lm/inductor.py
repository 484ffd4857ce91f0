"""Torch's compiler, made to remember what it may, and mended where it is broken.

`remember`: a process that finds its code in the cache still traces a graph with autocast in it all over again, since
torch keeps no trace with functions that it does not know to be pure: 7 of the 9 CPU-seconds before the first step of
the tunnel's model. Autocast's entry and exit have nothing but their arguments, which are part of the cache's key.

`repair`: on the CPU some models would write past their buffers.
Where a reduction is tiled over an outer and the innermost axis with another axis between them, torch 2.13 stores a
whole vector also at the outer axis's end, where fewer values are left: it overwrites the next row, or the heap
(pytorch issue 196681; the remedy, 196882, is not in yet). Gradients of Mamba-2 with 8 heads in bf16 meet it and
crash. The repair has the end written apart, as where no axis lies between; other code it leaves as it is.
"""

from typing import Any

import torch
import torch._dynamo.config as dynamo_config
import torch._inductor.config as inductor_config

_AUTOCAST = ("torch.amp.autocast_mode._enter_autocast", "torch.amp.autocast_mode._exit_autocast")
_BROKEN = "2.13."
_MOST_SHAPES = 64  # of batch and model, compiled in one process


def refuse_silent_fallback() -> None:
    """Past its limit of shapes torch would run uncompiled without a word: slower, and with other bits."""
    limits: Any = dynamo_config
    limits.recompile_limit = _MOST_SHAPES
    limits.fail_on_recompile_limit_hit = True


def remember() -> None:
    """Let traces of graphs with autocast be taken from the cache, in this process."""
    settings: Any = inductor_config
    known = dict.fromkeys(_AUTOCAST, torch.__version__)
    settings.unsafe_marked_cacheable_functions = settings.unsafe_marked_cacheable_functions | known


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
