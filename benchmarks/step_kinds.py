"""What kind of work an operation is, by its name under torch.profiler."""

from collections.abc import Mapping, Sequence

KINDS: Mapping[str, Sequence[str]] = {  # the first kind with a word that is in the operation's name, in this order
    "data": ("step: data",),
    "logging": ("step: logging",),
    "optimizer": ("Optimizer.", "_fused_adamw", "newton", "_foreach", "clip_grad", "linalg_vector_norm"),
    "loss": ("nll_loss", "log_softmax", "cross_entropy"),
    "attention": ("attention", "flash", "bmm", "_softmax"),  # compiled it is batched products
    "convolution": ("conv",),
    "matmul": ("mm", "matmul", "linear", "einsum"),
    "outside": ("ProfilerStep", "Torch-Compiled", "Compiled", "autograd::engine", "Backward"),
}
REST = "elementwise"  # norms, activations, copies, look-ups
FUSED = "cpp_fused"  # inductor's kernels, named after all that is in them and stands around them
FUSED_KINDS: Mapping[str, Sequence[str]] = {
    "loss": ("log_softmax", "nll_loss"),
    "attention": ("_softmax",),
    "convolution": ("conv", "constant_pad_nd"),  # LFM2's over packed rows: sums of shifted rows
}


def kind_of(operation: str) -> str:
    """The kind of work that an operation's name stands for."""
    for kind, words in (FUSED_KINDS if FUSED in operation else KINDS).items():
        if any(word in operation for word in words):
            return kind
    return REST


def shares(seconds: Mapping[str, float], total: float) -> dict[str, float]:
    """Share of the wall clock by kind, from operations' own seconds; what is left is `outside` too."""
    by_kind = dict.fromkeys((*KINDS, REST), 0.0)
    for operation, spent in seconds.items():
        by_kind[kind_of(operation)] += spent
    by_kind["outside"] += max(0.0, total - sum(by_kind.values()))
    return {kind: spent / total for kind, spent in by_kind.items()}
