import pytest
import torch
from test_loop import TRAINING, make_run, train_into

from pipeline.core.errors import UserError
from pipeline.lm.training import memory
from pipeline.lm.training.objective import NextTokenLoss

ON_A_GPU = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
ON_A_CPU = RuntimeError(
    "[enforce fail at alloc_cpu.cpp:117] . DefaultCPUAllocator: can't allocate memory: you tried .."
)


@pytest.fixture
def with_room_for(monkeypatch):
    """Let passes over more rows than that fail."""

    def limit(rows, error):
        forward = NextTokenLoss.forward

        def limited(self, input_ids_bt, *others):
            if len(input_ids_bt) > rows:
                raise error
            return forward(self, input_ids_bt, *others)

        monkeypatch.setattr(NextTokenLoss, "forward", limited)

    return limit


@pytest.mark.parametrize(("rows", "fitting", "error"), [(7, 4, ON_A_GPU), (3, 2, ON_A_CPU)])
def test_the_largest_half_that_fits_is_named(training_world, tmp_path, with_room_for, rows, fitting, error):
    with_room_for(rows, error)
    message = rf"^step 1: out of memory with 8 rows of 32 tokens at once; .* training.micro_batch_rows={fitting} "
    with pytest.raises(UserError, match=message):
        train_into(tmp_path / "out", make_run(training_world))
    follows = TRAINING.model_copy(update={"micro_batch_rows": fitting})
    assert train_into(tmp_path / "again", make_run(training_world, training=follows)).input_tokens == 3000


def test_where_not_one_row_fits_it_says_so(training_world, tmp_path, with_room_for):
    with_room_for(0, ON_A_GPU)
    with pytest.raises(UserError, match="and not one row fits; shorten sequence_length or take a smaller model"):
        train_into(tmp_path / "out", make_run(training_world))


def test_other_errors_stay_what_they_are(training_world, tmp_path, with_room_for):
    with_room_for(0, RuntimeError("shapes do not match"))
    with pytest.raises(RuntimeError, match="shapes do not match"):
        train_into(tmp_path / "out", make_run(training_world))


@pytest.mark.parametrize(
    ("num_rows", "rows", "halves"), [(8, 8, [4, 2, 1]), (12, 12, [6, 3, 1]), (7, 7, [1]), (8, 1, [])]
)
def test_halves_divide_the_rows(num_rows, rows, halves):
    assert memory._halves(num_rows, rows) == halves
