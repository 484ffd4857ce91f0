"""Muon in batches: torch's own steps for every shape of matrix, whatever is batched with what."""

import pytest
import torch
from torch import nn
from torch.optim import Muon

from pipeline.lm.training import muon
from pipeline.lm.training.muon import BatchedMuon, orthogonalise

SHAPES = [(16, 16), (16, 40), (40, 16), (16, 16), (48, 16), (40, 16), (1, 8)]
LR = 0.1
COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def drawn(seed):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator) for shape in SHAPES]


def trained(kind, steps=3, skipped=None):
    parameters = [nn.Parameter(values) for values in drawn(0)]
    optimizer = kind(parameters, lr=LR, weight_decay=0.1, momentum=0.9, adjust_lr_fn="match_rms_adamw")
    for step in range(steps):
        for place, (parameter, gradient) in enumerate(zip(parameters, drawn(1 + step), strict=True)):
            parameter.grad = None if place == skipped else gradient
        optimizer.step()
    return parameters, optimizer


@pytest.mark.parametrize("most", [2**24, 700, 1], ids=["all of a shape", "some", "one by one"])
def test_steps_are_those_of_torchs_muon(monkeypatch, most):
    monkeypatch.setattr(muon, "_MOST", most)
    (ours, mine), (theirs, others) = trained(BatchedMuon), trained(Muon)
    for left, right, start in zip(ours, theirs, drawn(0), strict=True):
        moved = (right - start).norm()
        assert (left - right).norm() < 0.02 * moved, left.shape  # bf16 inside, and sums in another order
        for kind, held in others.state[right].items():
            assert torch.allclose(mine.state[left][kind], held), kind


def test_a_parameter_without_a_gradient_is_left_alone():
    parameters, optimizer = trained(BatchedMuon, skipped=1)
    assert torch.equal(parameters[1], drawn(0)[1])
    assert parameters[1] not in optimizer.state
    assert not torch.equal(parameters[2], drawn(0)[2])


@pytest.mark.parametrize("shape", [(3, 12, 30), (3, 30, 12), (2, 20, 20)])
def test_singular_values_come_near_one_and_the_directions_stay(shape):
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    matrices[1:] *= 1e-3  # each is scaled by itself
    u, s, vt = torch.linalg.svd(orthogonalise(matrices, COEFFICIENTS, 5, 1e-7).float(), full_matrices=False)
    assert s[:, : shape[0]].min() > 0.5
    assert s.max() < 1.3
    left, _, right = torch.linalg.svd(matrices, full_matrices=False)
    assert ((u @ vt) - (left @ right)).norm() < 0.2 * (left @ right).norm()
