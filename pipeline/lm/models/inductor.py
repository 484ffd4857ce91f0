"""Torch's compiler, made to remember what it may, and mended where it is broken.

`remember`: a process that finds its code in the cache still traces a graph with autocast in it all over again, since
torch keeps no trace with functions that it does not know to be pure: 7 of the 9 CPU-seconds before the first step of
the tunnel's model. Autocast's entry and exit have nothing but their arguments, which are part of the cache's key.
And every process asks the C++ compiler and a new interpreter about each of the processor's sets of vector
instructions, about a CPU-second in all; here a machine is asked once, and the answer lies beside the compiled code.

`repair`: on the CPU some models would write past their buffers.
Where a reduction is tiled over an outer and the innermost axis with another axis between them, torch 2.13 stores a
whole vector also at the outer axis's end, where fewer values are left: it overwrites the next row, or the heap
(pytorch issue 196681; the remedy, 196882, is not in yet). Gradients of Mamba-2 with 8 heads in bf16 meet it and
crash. The repair has the end written apart, as where no axis lies between; other code it leaves as it is.
"""

from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
import torch._dynamo.config as dynamo_config
import torch._inductor.config as inductor_config

_AUTOCAST = ("torch.amp.autocast_mode._enter_autocast", "torch.amp.autocast_mode._exit_autocast")
_BROKEN = "2.13."
_MOST_SHAPES = 64  # of batch and model, compiled in one process


def prepare() -> None:
    """All of it, before a process compiles for the first time; once more does no harm."""
    refuse_silent_fallback()
    remember()
    recall_vectors()
    repair()


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


def recall_vectors() -> None:
    """Ask whether code for this processor can be compiled and loaded once a machine, torch and compiler.

    Only a yes for all of the processor's sets is kept: it changes no code, since all of them are then torch's choice.
    """
    from torch._inductor import cpu_vec_isa

    settings: Any = inductor_config.cpp
    sets = cpu_vec_isa.x86_isa_checker()  # empty for other processors, which torch does not ask about
    if settings.vec_isa_ok is not None or not sets:
        return
    answer = _answer(sets)
    if not answer.exists():
        if len(cpu_vec_isa.valid_vec_isa_list()) < len(sets):
            return
        answer.parent.mkdir(parents=True, exist_ok=True)
        answer.touch()
    settings.vec_isa_ok = True


def _answer(sets: list[str]) -> Path:
    """The file whose presence says that all of these sets work."""
    from torch._inductor.cpp_builder import get_compiler_version_info, get_cpp_compiler
    from torch._inductor.runtime.cache_dir_utils import cache_dir

    asked = "=".join((get_compiler_version_info(get_cpp_compiler()), *sets, torch.__version__))
    return Path(cache_dir()) / "frontload_vectors" / sha256(asked.encode()).hexdigest()


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
