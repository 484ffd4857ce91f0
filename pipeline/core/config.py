"""The base of every room's config: frozen, unknown keys refused, its literals are its identity."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Config(BaseModel):
    """What decides an artifact's content. Paths, devices and worker counts are context and never stand in one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def literals(self) -> dict[str, Any]:
        """As plain JSON values: what enters the fingerprint."""
        return self.model_dump(mode="json")
