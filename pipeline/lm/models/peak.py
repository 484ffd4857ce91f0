"""What a device multiplies at most, measured on it: what a run's FLOPs are set against to give its MFU.

MFU (Chowdhery et al. 2022, "PaLM", appendix B) = model FLOPs of the tokens seen (`flops`) / (seconds x peak). The peak
is the best matrix product of this process on its threads, not a vendor's number, which no program reaches.
"""

from functools import cache
from time import perf_counter
from typing import Literal

import torch

_SECONDS = 0.1
_SMALLEST = 256
_LARGEST = {"cpu": 2048, "cuda": 8192}
_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def peak_flops(device: torch.device, precision: Literal["fp32", "bf16"]) -> float:
    """FLOP a second of the best square matrix product, at the number of threads that torch has now.

    Measured once in a process for each device, precision and number of threads; takes 0.1 to 0.3 s. Touches no
    generator but its own.
    """
    return _measured(device, precision, torch.get_num_threads())


def mfu(flops_per_token: float, tokens_per_second: float, peak: float) -> float:
    """Model FLOPs utilisation, a fraction; `peak` in FLOP a second, of all devices together."""
    return flops_per_token * tokens_per_second / peak


@cache
def _measured(device: torch.device, precision: Literal["fp32", "bf16"], threads: int) -> float:
    """Products of growing size for as long as eight times the last one fits into the time; then that size again."""
    del threads  # part of what is remembered
    generator = torch.Generator(device).manual_seed(0)
    size, best, started = _SMALLEST, 0.0, perf_counter()
    matrix = _square(size, device, precision, generator)
    _seconds(matrix)  # the first product loads the library
    while not best or perf_counter() - started < _SECONDS:
        seconds = _seconds(matrix)
        best = max(best, 2 * size**3 / seconds)
        if 8 * seconds < _SECONDS / 4 and size < _LARGEST.get(device.type, _SMALLEST):
            size *= 2
            matrix = _square(size, device, precision, generator)
    return best


def _square(
    size: int, device: torch.device, precision: Literal["fp32", "bf16"], generator: torch.Generator
) -> torch.Tensor:
    return torch.randn(size, size, device=device, generator=generator).to(_DTYPES[precision])


def _seconds(matrix: torch.Tensor) -> float:
    """Of one product, from an idle device to an idle device."""
    _wait(matrix.device)
    start = perf_counter()
    torch.mm(matrix, matrix)
    _wait(matrix.device)
    return perf_counter() - start


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
