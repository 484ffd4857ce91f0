"""Which program writes an eval's completions: our own generation, or vLLM where it is installed and a GPU is there.

Light, so that a config is read without torch. `completer` has what they do.
"""

from importlib.util import find_spec
from typing import Literal

from pipeline.core.errors import UserError

Backend = Literal["own", "vllm"]


def best_backend() -> Backend:
    """The quickest there is: vLLM where it can run, else our own. What it decides is a literal."""
    return "own" if what_vllm_lacks() else "vllm"


def require_backend(name: Backend) -> None:
    """Raise UserError where vLLM is asked for and cannot run here."""
    lacks = what_vllm_lacks() if name == "vllm" else ""
    if lacks:
        raise UserError(f"eval.engine=vllm, but {lacks}; or say eval.engine=own")


def what_vllm_lacks() -> str:
    """What is missing, with the next step; empty: nothing."""
    if find_spec("vllm") is None:
        return "vLLM is not installed; `pip install vllm`"
    from torch.cuda import is_available

    return "" if is_available() else "torch sees no CUDA device; run where there is one"
