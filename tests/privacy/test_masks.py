"""Masks show enough to tell two apart and never enough to use."""

import pytest

from backend.agents.models import Role
from backend.privacy import masks, reach


@pytest.mark.parametrize(
    ("mask", "whole", "shown"),
    [
        (masks.phone, "+526621234533", "662 *** ** 33"),
        (masks.phone, "+15205551234", "*** *** ** 34"),
        (masks.phone, "911", "•••"),
        (masks.email, "ana.ruiz@correo.mx", "a***@correo.mx"),
        (masks.email, "a@correo.mx", "•••"),
        (masks.curp, "RURA800101MSRZZN09", "RURA ************ 09"),
        (masks.contact, "662 123 4533", "662 *** ** 33"),
        (masks.contact, "ana.ruiz@correo.mx", "a***@correo.mx"),
        (masks.contact, "no tengo", "•••"),
    ],
)
def test_what_is_masked(mask: object, whole: str, shown: str) -> None:
    assert callable(mask)
    assert mask(whole) == shown


def test_every_role_has_its_rule() -> None:
    assert set(reach.RULES) == set(Role)
