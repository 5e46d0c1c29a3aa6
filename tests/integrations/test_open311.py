"""GeoReport v2 as a municipal system speaks it: the standard's examples in shape, written anew from its facts."""

import json
from datetime import datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from backend import clock
from backend.agents.models import Scope
from backend.db import Database
from backend.registry.models import EntryChannel, Person, Petition, PetitionKind, PetitionStatus
from tests.integrations.conftest import Connect
from tests.staff import browser

V2 = "/open311/v2"
SINKHOLE = {
    "jurisdiction_id": "sonora.gob.mx",
    "service_code": "agua",
    "lat": "29.0729673",
    "long": "-110.9559192",
    "address_string": "Reforma 100, Hermosillo, Sonora",
    "first_name": "Juan",
    "last_name": "Pérez",
    "phone": "6621234567",
    "email": "juan@correo.mx",
    "device_id": "tt222111",
    "account_id": "123456",
    "description": "Soy Juan Pérez. Hay un socavón <grande> & agua limpia en la calle",
    "media_url": "https://fotos.example/2212426634_5ed477a060.jpg",
    "attribute[municipio]": "26030",
    "attribute[colonia]": "Centro",
}
PRIVATE = ("Juan", "Pérez", "662", "correo.mx", "fotos.example", "29.0729673", "Reforma 100")


def _key(client: httpx.AsyncClient) -> str:
    return client.headers["Authorization"].removeprefix("Bearer ")


@pytest.fixture
async def city(connect: Connect) -> httpx.AsyncClient:
    """A municipal system."""
    return await connect(Scope.READ, Scope.WRITE)


async def _file(city: httpx.AsyncClient, **changed: str) -> str:
    answer = await city.post(f"{V2}/requests.json", data=SINKHOLE | changed)
    assert answer.status_code == 200, answer.text
    [told] = answer.json()
    folio: str = told["service_request_id"]
    return folio


async def test_discovery_and_services_are_open_and_say_the_same_in_both_forms(app: FastAPI) -> None:
    client = browser(app)
    for path in ("/open311/discovery", f"{V2}/discovery"):
        told = (await client.get(f"{path}.json")).json()
        [endpoint] = told["endpoints"]
        assert endpoint["url"].endswith("/open311/v2")
        assert (endpoint["type"], endpoint["formats"]) == ("production", ["text/xml", "application/json"])
        answer = await client.get(f"{path}.xml")
        assert answer.headers["content-type"] == "text/xml; charset=utf-8"
        assert answer.text.startswith('<?xml version="1.0" encoding="utf-8"?>')
        root = ElementTree.fromstring(answer.content)  # noqa: S314
        assert [one.text for one in root.findall("endpoints/endpoint/formats/format")] == endpoint["formats"]
    services = (await client.get(f"{V2}/services.json?jurisdiction_id=sonora.gob.mx")).json()
    water = next(one for one in services if one["service_code"] == "agua")
    assert set(water) == {"service_code", "service_name", "description", "metadata", "type", "keywords", "group"}
    assert (water["metadata"], water["type"]) == (True, "realtime")
    root = ElementTree.fromstring((await client.get(f"{V2}/services.xml")).content)  # noqa: S314
    assert root.tag == "services"
    assert [one.findtext("service_code") for one in root.findall("service")] == [
        one["service_code"] for one in services
    ]
    assert {one.findtext("metadata") for one in root} == {"true"}
    definition = (await client.get(f"{V2}/services/agua.json")).json()
    assert definition["service_code"] == "agua"
    assert [one["order"] for one in definition["attributes"]] == [1, 2, 3]
    assert {"key": "26030", "name": "Hermosillo"} in definition["attributes"][0]["values"]
    root = ElementTree.fromstring((await client.get(f"{V2}/services/agua.xml")).content)  # noqa: S314
    assert root.tag == "service_definition"
    assert len(root.findall("attributes/attribute/values/value")) == 74


async def test_errors_have_the_standards_form_and_codes(
    app: FastAPI, connect: Connect, city: httpx.AsyncClient
) -> None:
    reader = await connect(Scope.READ)
    stranger = browser(app)

    async def refused(client: httpx.AsyncClient, method: str, path: str, **data: str) -> int:
        answers = [
            await client.request(method, f"{V2}/{path.format(form)}", data=data or None) for form in ("json", "xml")
        ]
        [told] = answers[0].json()
        root = ElementTree.fromstring(answers[1].content)  # noqa: S314
        assert (root.tag, root.findtext("error/description")) == ("errors", told["description"])
        assert {answer.status_code for answer in answers} == {told["code"]} == {int(root.findtext("error/code") or 0)}
        assert told["description"]
        code: int = told["code"]
        return code

    assert await refused(stranger, "GET", "services.{}?jurisdiction_id=otra.gob.mx") == 404
    assert await refused(stranger, "GET", "services/nada.{}") == 404
    assert await refused(stranger, "GET", "requests.{}") == 403
    assert await refused(stranger, "GET", "requests.{}?api_key=mala") == 403
    assert await refused(stranger, "POST", "requests.{}", **SINKHOLE) == 403
    assert await refused(reader, "POST", "requests.{}", **SINKHOLE) == 403
    assert await refused(city, "GET", "requests/AC-2026-999999-9.{}") == 404
    assert await refused(city, "GET", "nada.{}") == 404
    for query in ("start_date=ayer", "start_date=2026-01-01T00:00:00", "status=roto", "page=0", "page_size=2000",
                  "start_date=2026-01-01T00:00:00Z&end_date=2026-06-01T00:00:00Z",
                  "start_date=9999-12-31T00:00:00Z"):  # fmt: skip
        assert await refused(city, "GET", f"requests.{{}}?{query}") == 400, query
    for changed in ({"service_code": ""}, {"lat": "", "long": "", "address_string": ""}, {"long": ""}, {"lat": "91"},
                    {"lat": "NaN"}, {"description": ""}, {"phone": "12"}, {"attribute[municipio]": "Guadalajara"},
                    {"media_url": "javascript:alert(1)"}, {"attribute[tipo]": "derechos_arco"}):  # fmt: skip
        assert await refused(city, "POST", "requests.{}", **(SINKHOLE | changed)) == 400, changed
    assert await refused(city, "POST", "requests.{}", **(SINKHOLE | {"service_code": "nada"})) == 404
    assert (await city.post(f"{V2}/requests.json", json=SINKHOLE)).status_code == 400


async def test_a_request_becomes_a_petition_and_is_read_back_without_personal_data(
    app: FastAPI, city: httpx.AsyncClient, connect: Connect, database: Database
) -> None:
    answer = await city.post(f"{V2}/requests.xml", data=SINKHOLE, headers={"Idempotency-Key": "ciudad-001"})
    again = await city.post(f"{V2}/requests.xml", data=SINKHOLE, headers={"Idempotency-Key": "ciudad-001"})
    assert answer.status_code == 200, answer.text
    assert answer.content == again.content
    keyed = browser(app)  # the key as the standard has it
    other = await keyed.post(
        f"{V2}/requests.json", data=SINKHOLE | {"api_key": _key(city), "description": "Otra fuga de agua"}
    )
    second = other.json()[0]["service_request_id"]
    assert (await keyed.get(f"{V2}/requests/{second}.json?api_key={_key(city)}")).status_code == 200
    filed = ElementTree.fromstring(answer.content)  # noqa: S314
    assert (filed.tag, [one.tag for one in filed]) == ("service_requests", ["request"])
    assert [one.tag for one in filed[0]] == ["service_request_id", "service_notice", "account_id"]
    folio = filed.findtext("request/service_request_id")
    async with database.transaction() as session:
        petition = (await session.scalars(select(Petition).where(Petition.folio == folio))).one()
        person = await session.get_one(Person, petition.person_id)
        petition.narrative += "\ufffe"
    assert (petition.folio, petition.channel, petition.kind) == (folio, EntryChannel.INTEGRACION, PetitionKind.PETICION)
    assert (petition.municipality_id, petition.colonia, person.phone) == ("26030", "Centro", "+526621234567")
    assert petition.details["media_url"].endswith(".jpg")
    told = await city.get(f"{V2}/requests/{folio}.json")
    [request] = told.json()
    assert (request["status"], request["service_code"], request["lat"]) == ("open", "agua", 29.073)
    assert request["address"] == "Centro, Hermosillo, Sonora"
    assert datetime.fromisoformat(request["requested_datetime"]).utcoffset() == timedelta(hours=-7)
    assert "socavón <grande> & agua" in request["description"]
    xml = await city.get(f"{V2}/requests/{folio}.xml")
    row = ElementTree.fromstring(xml.content)[0]  # noqa: S314
    assert [one.tag for one in row] == list(request)
    assert "socavón <grande> & agua" in (row.findtext("description") or "")
    for text in (told.text, xml.text, (await city.get(f"{V2}/requests.json")).text):
        assert not [word for word in PRIVATE if word in text], text
    trusted = await connect(Scope.READ, Scope.PERSONS)
    [known] = (await trusted.get(f"{V2}/requests/{folio}.json")).json()
    assert (known["lat"], known["address"]) == (
        29.0729673,
        "Reforma 100, Hermosillo, Sonora, Centro, Hermosillo, Sonora",
    )
    assert (await city.get(f"{V2}/tokens/{folio}.json")).json() == [{"service_request_id": folio, "token": folio}]


async def test_requests_are_found_by_what_the_standard_names(city: httpx.AsyncClient, database: Database) -> None:
    folios = [await _file(city, description=f"Fuga de agua número {number} en la calle") for number in range(4)]
    light = await _file(city, service_code="alumbrado", **{"attribute[municipio]": ""})
    async with database.transaction() as session:
        changes: list[tuple[str, dict[str, Any]]] = [
            (folios[0], {"created_at": clock.now() - timedelta(days=91)}),
            (folios[1], {"status": PetitionStatus.CONCLUIDA_SATISFACTORIA}),
            (folios[2], {"kind": PetitionKind.DERECHOS_ARCO}),
        ]
        for folio, values in changes:
            await session.execute(update(Petition).where(Petition.folio == folio).values(**values))

    async def found(query: str) -> list[str]:
        answer = await city.get(f"{V2}/requests.json?{query}")
        assert answer.status_code == 200, answer.text
        return [one["service_request_id"] for one in json.loads(answer.text)]

    assert (
        await found("") == await found("status=open,closed&service_code=&start_date=") == [light, folios[3], folios[1]]
    )
    assert await found("status=closed") == [folios[1]]
    assert await found("status=open&service_code=agua") == [folios[3]]
    assert await found("service_code=agua,alumbrado&page_size=2") == [light, folios[3]]
    assert await found("page_size=2&page=2") == [folios[1]]
    assert await found(f"service_request_id={folios[0]},{folios[2]},nada&status=closed") == [folios[0]]
    start = (clock.now() - timedelta(days=100)).isoformat(timespec="seconds")  # its plus left as it is
    assert await found(f"start_date={start}") == [folios[0]]
    async with database.transaction() as session:
        assert {one.municipality_id for one in await session.scalars(select(Petition))} == {"26030"}
