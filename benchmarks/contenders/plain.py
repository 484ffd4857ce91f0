"""A plain loop in nanoGPT's manner, on transformers' model or on litgpt's GPT.

Batches cut from one tensor, autocast, fused AdamW with decay on matrices only, clipping; the loss is read once a
window. Attention runs over whole packed rows.
"""

import sys
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from benchmarks.contenders.job import ROWS, Job, Result
from benchmarks.contenders.world import Clock, build, model_of, optimizer, rows


class NextToken(nn.Module):
    """A model and its loss in one, so that both are compiled."""

    def __init__(self, lm: nn.Module, logits_of: Callable[[nn.Module, Tensor], Tensor]) -> None:
        super().__init__()
        self.lm, self._logits_of = lm, logits_of

    def forward(self, ids_bt: Tensor, labels_bt: Tensor) -> Tensor:
        """Mean cross-entropy of the labels, each predicted from the tokens before it."""
        logits_btv = self._logits_of(self.lm, ids_bt)[:, :-1]
        return cross_entropy(logits_btv.flatten(0, 1).float(), labels_bt[:, 1:].flatten(), ignore_index=-100)


def run_transformers(job: Job) -> Result:
    """On transformers' model."""
    clock = Clock()
    return _train(job, clock, NextToken(build(job), lambda lm, ids: lm(input_ids=ids, use_cache=False).logits))


def run_litgpt(job: Job) -> Result:
    """On litgpt's GPT in the same shape, with its own first weights. Raises ImportError where it is not installed."""
    if job.litgpt:
        sys.path.append(job.litgpt)  # last: what it brings along shadows nothing of ours
    clock = Clock()
    return _train(job, clock, NextToken(_gpt(job), lambda gpt, ids: gpt(ids)))


def _gpt(job: Job) -> nn.Module:
    from litgpt.config import Config  # pyright: ignore[reportMissingImports] - in a folder of its own
    from litgpt.model import GPT  # pyright: ignore[reportMissingImports]

    shape, vocabulary = model_of("qwen3"), build(job).config.vocab_size
    torch.manual_seed(0)
    config: Any = Config(
        n_layer=shape.num_hidden_layers,
        n_embd=shape.hidden_size,
        n_head=shape.num_attention_heads,
        n_query_groups=shape.num_key_value_heads,
        head_size=shape.hidden_size // shape.num_attention_heads,
        intermediate_size=shape.intermediate_size,
        block_size=shape.max_position_embeddings,
        vocab_size=vocabulary,
        padded_vocab_size=vocabulary,
        norm_class_name="RMSNorm",
        mlp_class_name="LLaMAMLP",
        norm_qk=True,
        norm_eps=1e-6,
        rotary_percentage=1.0,
        parallel_residual=False,
        bias=False,
    )
    gpt: Any = GPT(config)
    gpt.apply(gpt._init_weights)
    gpt.lm_head.weight = gpt.transformer.wte.weight
    return gpt


def _train(job: Job, clock: Clock, model: NextToken) -> Result:
    adam = _adam(model)
    ids, labels = rows(job)
    forward: Any = torch.compile(model, dynamic=False) if job.compiled else model
    total = torch.zeros(())
    for step in range(1, job.steps + 1):
        batch = slice((step - 1) * ROWS, step * ROWS)
        with torch.autocast("cpu", torch.bfloat16, enabled=job.precision == "bf16"):
            loss = forward(ids[batch], labels[batch])
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), optimizer().clip)
        adam.step()
        adam.zero_grad(set_to_none=True)
        total += loss.detach()
        if step % job.log_every == 0:
            clock.cut(step, float(total) / job.log_every)
            total.zero_()
    return Result(windows=clock.windows, parameters=sum(parameter.numel() for parameter in model.parameters()))


def _adam(model: nn.Module) -> torch.optim.AdamW:
    config, parameters = optimizer(), list(model.parameters())
    groups: list[dict[str, Any]] = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.lr, betas=config.betas, eps=config.eps, fused=True)
