"""How fast the cores are at a moment: a matrix product beside the contenders."""

import time

import torch

SIZE, REPEATS = 1024, 10


def gflops(precision: str, threads: int) -> float:
    """GFLOP a second of square matrix products in fp32 or bf16 on this many threads, right now."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    matrix = torch.randn(SIZE, SIZE).to(torch.bfloat16 if precision == "bf16" else torch.float32)
    torch.mm(matrix, matrix)
    start = time.perf_counter()
    for _ in range(REPEATS):
        torch.mm(matrix, matrix)
    seconds = time.perf_counter() - start
    torch.set_num_threads(before)
    return REPEATS * 2 * SIZE**3 / seconds / 1e9
