"""How tests are given out to several workers."""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

_OF_A_PRODUCT = ("tests/end_to_end/", "tests/chaos/")


class OneProduct(LoadScopeScheduling):
    """One worker has a running product and all its tests, in their order, from the start; the others share the rest.

    What xdist has for this, `--dist loadgroup`, finds no groups under pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in _OF_A_PRODUCT if nodeid.startswith(folder)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneProduct:
    return OneProduct(config, log)
