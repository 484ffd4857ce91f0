"""Since when a sweep's claims stand as they do, by git, and whether that was before its runs."""

import subprocess
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from pipeline.study.config.register import config_root
from pipeline.verdict.config import Claims


def age_of(sweep: str, claims: Claims, started: Sequence[str]) -> dict[str, Any]:
    """The claims' hash, the first commit that states them so, the first run, and which of the two came first.

    started: of every stage behind the verdicts, UTC by the wall clock. Shared trunks count too: the strictest answer.
    """
    first_run = min(started, key=datetime.fromisoformat)
    since = _since(sweep, claims)
    age: dict[str, Any] = {"hash": claims.hash, "first_run": first_run, "commit": None, "committed_at": None}
    if since is None:
        return age | {"is_older": None, "says": "not committed as they are: nobody can tell whether they came first"}
    commit, at = since
    is_older = datetime.fromisoformat(at) <= datetime.fromisoformat(first_run)
    order = "before" if is_older else "AFTER"
    says = f"committed in {commit[:12]} at {at}, {order} the first run ({first_run})"
    return age | {"commit": commit, "committed_at": at, "is_older": is_older, "says": says}


def _since(sweep: str, claims: Claims) -> tuple[str, str] | None:
    """Commit and time of the oldest version in an unbroken row of versions that state these claims."""
    found: tuple[str, str] | None = None
    for commit, at in _versions(sweep):
        if _hash_at(commit, sweep) != claims.hash:
            break
        found = (commit, at)
    return found


def _versions(sweep: str) -> Iterator[tuple[str, str]]:
    for line in (_git("log", "--format=%H %cI", "--", f"sweeps/{sweep}.yaml") or "").splitlines():
        commit, _, at = line.partition(" ")
        yield commit, at


def _hash_at(commit: str, sweep: str) -> str | None:
    """None where that version's claims are none by today's rules."""
    text = _git("show", f"{commit}:sweeps/{sweep}.yaml")
    try:
        content = yaml.safe_load(text or "") or {}
        return Claims.model_validate({"sweep": sweep, "claims": content.get("claims", {})}).hash
    except (yaml.YAMLError, ValidationError):
        return None


def _git(*words: str) -> str | None:
    root: Path = config_root()
    try:
        answer = subprocess.run(  # noqa: S603 - the words are ours
            ["git", "-C", str(root), *words],  # noqa: S607 - git is wherever the user has it
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return None
    return answer.stdout if answer.returncode == 0 else None
