"""Selections have what numpy finds in the whole mask, in less memory."""

import numpy as np
import pytest

from lapwing.errors import PlanArgumentError
from lapwing.trajectory.selection import BLOCK, Selection


@pytest.mark.parametrize("total", [1, 10, BLOCK, BLOCK + 1, 3 * BLOCK])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 1.0])
def test_a_selection_has_what_the_mask_has(total: int, share: float):
    whole = np.random.default_rng(1).random(total) < share
    found = Selection(lambda index: whole[index], total)
    assert found.size == whole.sum()
    assert np.array_equal(found.take(np.arange(found.size)), np.flatnonzero(whole))


def test_chosen_points_are_found_in_any_order():
    found = Selection(lambda index: index % 3 == 0, 30)
    assert found.take(np.array([9, 0, 0, 5])).tolist() == [27, 0, 0, 15]


def test_a_stretch_over_many_blocks_is_one():
    def middle(index: np.ndarray) -> np.ndarray:
        return (index >= 10) & (index < 4 * BLOCK)

    found = Selection(middle, 5 * BLOCK)
    assert found.size == 4 * BLOCK - 10
    assert found.nbytes == 16


def test_too_many_points_are_not_looked_at():
    with pytest.raises(PlanArgumentError, match="laid over 1e\\+12 points"):
        Selection(lambda index: index > 0, 10**12)
