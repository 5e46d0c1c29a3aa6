"""Lists taken away whole."""

from collections.abc import Sequence

from backend.console import downloads


async def test_a_list_is_read_page_by_page_to_its_end_and_an_empty_one_has_none() -> None:
    async def fetch(number: int) -> tuple[Sequence[int], int]:
        return [1, 2, 3, 4, 5][(number - 1) * 2 : number * 2], 5

    async def nothing(_: int) -> tuple[Sequence[int], int]:
        return [], 0

    assert [page async for page in downloads.by_pages(fetch)] == [[1, 2], [3, 4], [5]]
    assert [page async for page in downloads.by_pages(nothing)] == []
