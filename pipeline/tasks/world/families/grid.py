"""Grid walks: a robot's position and facing, kept up to date over moves that count and moves that do not."""

from random import Random
from typing import NamedTuple

from pipeline.tasks.problem import Step
from pipeline.tasks.world.family import Draft, Uniform, after, digit_step, others, random_amount, random_digit
from pipeline.tasks.world.lexicon import DIGITS, DIRECTIONS, LABELS

_GRID_WORDINGS = (
    ("robot at row {0} column {1} , faces {2}", "{0} go {1}", "{0} turn {1}", "{0} ; what is the {1} ?"),
    ("start : row {0} , column {1} , {2}", "{0} {1} steps", "{0} {1}", "{0} ; find the {1}"),
    ("row {0} and column {1} , faces {2}", "{0} walks {1}", "{0} faces {1}", "which {1} at last ? {0}"),
    ("start : row {0} and column {1} , faces {2}", "{0} {1} steps", "{0} turn {1}", "{0} ; which {1} ?"),
)  # start (row, column, facing); go (label, amount); turn (label, side); prompt (lines, axis)
_AXES = ("row", "column")


class _Move(NamedTuple):
    turn: int  # 1 right, -1 left, 0: it goes
    amount: int
    is_live: bool


def write_grid(rng: Random, depth: int, template: int) -> Draft:
    """A robot turns and goes on a 10 x 10 torus; its row or its column is asked for.

    Moves along the other axis do not count; turns do, up to the last move that counts. The graph is the
    axis, the first facing and the moves in order, without amounts.
    """
    uniform = rng.random
    start, go, turn, prompt = _GRID_WORDINGS[template]
    axis = int(uniform() * 2)  # 0: row, along north and south; 1: column
    facing, moves = _walk(uniform, depth, axis)
    position = [random_digit(uniform), random_digit(uniform)]
    lines = [start.format(*position, DIRECTIONS[facing])]
    steps: list[Step] = []
    passed: list[str] = []
    graph = f"{axis}{facing}"
    for label, move in zip(LABELS, moves, strict=False):
        if move.turn:
            side, old, facing = "right" if move.turn > 0 else "left", DIRECTIONS[facing], (facing + move.turn) % 4
            lines.append(turn.format(label, side))
            graph += side[0]
            if move.is_live:
                steps.append(_facing_step(after(passed, f"{label} {side} : {old} {side} ="), f"{label} =", facing))
            continue
        lines.append(go.format(label, move.amount))
        graph += "g"
        text = f"{label} {DIRECTIONS[facing]} {move.amount}"
        if not move.is_live:
            passed.append(text)
            continue
        old, change = position[axis], f"{'+' if facing in (0, 1) else '-'} {move.amount}"
        position[axis] = (old + (move.amount if facing in (0, 1) else -move.amount)) % 10
        text = after(passed, f"{text} : {_AXES[axis]} {old} {change} =")
        steps.append(digit_step(text, f"{label} =", position[axis]))
    return Draft(prompt.format(" ; ".join(lines), _AXES[axis]), tuple(steps), DIGITS, graph)


def _go(uniform: Uniform, *, is_live: bool) -> _Move:
    return _Move(turn=0, amount=random_amount(uniform), is_live=is_live)


def _turn(uniform: Uniform, *, is_live: bool) -> _Move:
    return _Move(turn=1 if uniform() < 0.5 else -1, amount=0, is_live=is_live)


def _facing_step(text: str, terse: str, facing: int) -> Step:
    result = DIRECTIONS[facing]
    return Step(
        text=f"{text} {result}", terse=f"{terse} {result}", result=result, alternatives=others(DIRECTIONS, facing)
    )


def _walk(uniform: Uniform, depth: int, axis: int) -> tuple[int, list[_Move]]:
    """First facing, and moves of which `depth` count, the last of these a go along the axis."""
    is_along = depth == 1 or uniform() < 0.7
    facing = 2 * int(uniform() * 2) + (axis if is_along else 1 - axis)
    moves: list[_Move] = []
    left, num_decoys = depth, 2
    while left:
        if is_along and (left < 3 or uniform() < 0.6):
            if left == 2:  # a turn away and back does not fit: two goes
                moves.append(_go(uniform, is_live=True))
                left -= 1
            moves.append(_go(uniform, is_live=True))
            left -= 1
            continue
        if not is_along and num_decoys and uniform() < 0.7:
            moves.append(_go(uniform, is_live=False))
            num_decoys -= 1
        moves.append(_turn(uniform, is_live=True))
        left, is_along = left - 1, not is_along
    return facing, moves
