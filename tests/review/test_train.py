"""Who breaks a check in a train, found by asking about its first cars."""

import math

import pytest

from agentls.review.train import find_breaker


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13, 64])
async def test_the_first_car_that_breaks_is_found_with_few_questions(count: int):
    for breaker in range(count + 1):
        asked: list[int] = []

        async def passes(first: int, *, worst: int = breaker) -> bool:
            asked.append(first)  # noqa: B023 - called in this round only
            return first < worst

        assert await find_breaker(count, passes) == breaker
        assert len(asked) <= math.ceil(math.log2(count)) + 1
        assert len(asked) == len(set(asked))
        assert count not in asked  # that it fails with all is known
