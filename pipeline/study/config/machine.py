"""What `stage=plan` plans for. It changes no result: no stage reads it."""

from pydantic import Field

from pipeline.core.config import Config


class Machine(Config):
    """Accelerators, and what is assumed of them. The defaults are an H100 SXM as its data sheet has it."""

    gpus: int = Field(default=8, gt=0)
    peak_tflops: float = Field(default=989.0, gt=0)  # dense, in bf16, of one
    memory_gb: float = Field(default=80.0, gt=0)  # of one
    mfu: float = Field(default=0.4, gt=0, le=1)  # model FLOPs of the tokens seen over seconds and peak
    bytes_a_token: float = Field(default=4.0, gt=0)  # of text, for tokens of a large vocabulary
