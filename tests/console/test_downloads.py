"""Lists taken away whole."""

from collections.abc import Sequence

from fastapi import FastAPI

from backend.console import downloads
from tests.staff import sign_in

LISTS = (
    "tareas/exportar.csv?buscar", "transparencia/exportar.csv?buscar", "arco/exportar.csv?buscar",
    "llamadas-pendientes/exportar.csv?buscar", "auditoria/exportar.csv?cosa",
    "reportes/contactos/filas.csv?cifra=recibidos&por=canal&valor",
)  # fmt: skip


async def test_words_with_a_character_that_no_text_has_break_no_file(app: FastAPI) -> None:
    adela = await sign_in(app, "adela")
    answers = [await adela.get(f"/consola/{words}=agua%00") for words in LISTS]
    assert [answer.status_code for answer in answers] == [200] * len(LISTS)


async def test_a_list_is_read_page_by_page_to_its_end_and_an_empty_one_has_none() -> None:
    async def fetch(number: int) -> tuple[Sequence[int], int]:
        return [1, 2, 3, 4, 5][(number - 1) * 2 : number * 2], 5

    async def nothing(_: int) -> tuple[Sequence[int], int]:
        return [], 0

    assert [page async for page in downloads.by_pages(fetch)] == [[1, 2], [3, 4], [5]]
    assert [page async for page in downloads.by_pages(nothing)] == []
