"""«Aprendizaje» as a browser without JavaScript sends it, and its JSON endpoints."""

import csv
import io
import re

import pytest
import yaml
from fastapi import FastAPI

from backend.db import Database
from backend.settings import Settings
from tests.console.learning import Heard, hear_some
from tests.learning.conftest import kept
from tests.staff import Staff, sign_in

PAGE = "/consola/aprendizaje"


@pytest.fixture
async def hilda(app: FastAPI) -> Staff:
    return await sign_in(app, "hilda")


@pytest.fixture
async def heard(app: FastAPI, database: Database) -> Heard:
    return await hear_some(database)


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}/modelos", f"{PAGE}/exportar/training.tsv"])
async def test_only_the_head_and_the_administrator_enter(app: FastAPI, ana: Staff, hilda: Staff, path: str) -> None:
    assert (await ana.get(path)).status_code == 403
    assert (await hilda.get(path)).status_code == 200
    assert (await (await sign_in(app, "adela")).get(path)).status_code == 200
    assert PAGE not in (await ana.get("/consola")).text
    assert PAGE in (await hilda.get("/consola")).text


async def test_an_analyst_labels_nothing(ana: Staff, heard: Heard, database: Database) -> None:
    fields = {"message_id": str(heard.queja), "intent": "registrar_queja"}
    assert (await ana.submit(f"{PAGE}/etiquetar", **fields)).status_code == 403
    assert (await ana.post("/api/console/learning/labels", fields)).status_code == 403
    assert (await kept(database, heard.queja)).label is None


async def test_without_messages_the_page_says_so(hilda: Staff) -> None:
    assert "Nada por clasificar" in (await hilda.get(PAGE)).text
    assert "Aún no hay datos suficientes" in (await hilda.get(f"{PAGE}/modelos")).text


async def test_messages_are_shown_masked_newest_first_with_the_bots_reading(hilda: Staff, heard: Heard) -> None:
    page = (await hilda.get(PAGE)).text
    assert "Rosaura" not in page
    assert "me llamo ‹nombre› y en la ventanilla" in page
    assert "&lt;b&gt;nunca&lt;/b&gt;" in page
    assert re.findall(r'data-message="([^"]+)"', page) == [str(heard.queja), str(heard.doubtful), str(heard.lost)]
    for words in ("2 iguales", "Registrar una queja", "41 %", "Preguntó para aclarar", "Con duda", "No entendió"):
        assert words in page, words


async def test_filters_narrow_and_nonsense_in_them_is_harmless(hilda: Staff, heard: Heard) -> None:
    async def shown(query: str) -> list[str]:
        answer = await hilda.get(f"{PAGE}?{query}")
        assert answer.status_code == 200
        return re.findall(r'data-message="([^"]+)"', answer.text)

    assert await shown("periodo=1") == [str(heard.queja), str(heard.doubtful)]
    assert await shown("confianza=50-70") == [str(heard.doubtful)]
    assert await shown("intencion=fuera_de_alcance") == [str(heard.lost)]
    assert await shown("estado=labelled") == []
    assert len(await shown("estado=x&periodo=x&confianza=x&pagina=-3&lote=%3Cb%3E")) == 3


async def test_a_reading_is_accepted_and_taken_back_by_form(hilda: Staff, heard: Heard, database: Database) -> None:
    fields = {"message_id": str(heard.queja), "intent": "registrar_queja", "filtro": "estado=pending&periodo=7"}
    answer = await hilda.submit(f"{PAGE}/etiquetar", **fields)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{PAGE}?estado=pending&periodo=7&lote=")
    row = await kept(database, heard.queja)
    assert row.label == "registrar_queja"
    assert str(row.label_batch) in (await hilda.get(answer.headers["location"])).text
    listed = (await hilda.get(f"{PAGE}?estado=labelled")).text
    assert "Hilda" in listed
    assert str(heard.queja) in listed
    undone = await hilda.submit(f"{PAGE}/deshacer", batch=str(row.label_batch), filtro="estado=labelled")
    assert undone.headers["location"] == f"{PAGE}?estado=labelled&aviso=etiqueta_quitada"
    assert (await kept(database, heard.queja)).label is None
    assert (await hilda.submit(f"{PAGE}/deshacer", batch=str(row.label_batch))).status_code == 404


@pytest.mark.parametrize(
    ("fields", "status", "label"),
    [
        ({"typed": "consultar un FOLIO"}, 303, "consultar_folio"),
        ({"typed": "ninguna de estas"}, 422, None),
        ({}, 422, None),
        ({"action": "discard"}, 303, None),
        ({"intent": "elegir"}, 422, None),
    ],
)
async def test_what_is_typed_must_name_an_intent(
    hilda: Staff, heard: Heard, database: Database, fields: dict[str, str], status: int, label: str | None
) -> None:
    answer = await hilda.submit(f"{PAGE}/etiquetar", message_id=str(heard.doubtful), **fields)
    assert answer.status_code == status
    row = await kept(database, heard.doubtful)
    assert row.label == label
    assert row.label_state.value == ("discarded" if "action" in fields else "labelled" if label else "pending")


async def test_labels_go_out_as_files_that_hold_no_names(hilda: Staff, heard: Heard) -> None:
    await hilda.submit(f"{PAGE}/etiquetar", message_id=str(heard.queja), intent="registrar_queja")
    answers = {
        name: await hilda.get(f"{PAGE}/exportar/{name}") for name in ("aprendizaje.yml", "training.tsv", "held_out.tsv")
    }
    together = "".join(answer.text for answer in answers.values())
    assert "Rosaura" not in together
    assert together.count("me llamo Fulano de Tal y en la ventanilla") in (1, 2)
    assert "nlu" in yaml.safe_load(answers["aprendizaje.yml"].text)
    for name in ("training.tsv", "held_out.tsv"):
        assert next(csv.reader(io.StringIO(answers[name].text), delimiter="\t")) == ["intent", "text"]
    assert "attachment" in answers["training.tsv"].headers["content-disposition"]
    assert (await hilda.get(f"{PAGE}/exportar/otra.tsv")).status_code == 422


async def test_keys_label_and_undo_by_json(hilda: Staff, heard: Heard, database: Database) -> None:
    path = "/api/console/learning/labels"
    done = await hilda.post(path, {"message_id": str(heard.queja), "intent": "registrar_peticion"})
    assert done.json() | {"batch": ""} == {"batch": "", "count": 2, "title": "Registrar una petición"}
    refused = await hilda.post(path, {"message_id": str(heard.lost), "typed": "nada"})
    assert refused.status_code == 422
    assert refused.json()["error"]["message"] == "Elija una intención de la lista."
    assert (await hilda.post(path, {"message_id": str(heard.lost)})).json()["title"] is None
    assert (await hilda.post(f"{path}/undo", {"batch": done.json()["batch"]})).json() == {"count": 2}
    assert (await kept(database, heard.queja)).label is None


async def test_models_are_told_apart_only_with_enough_cases(hilda: Staff, heard: Heard, settings: Settings) -> None:
    page = (await hilda.get(f"{PAGE}/modelos")).text
    assert "0000000000000001" in page
    assert "Aún no hay datos suficientes (0 de 4)" in page
    assert "Un solo modelo a la vez" in page
