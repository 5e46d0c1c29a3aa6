"""How tests are given out to several workers."""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

_OF_THE_PRODUCT = "tests/end_to_end/"


class OneProduct(LoadScopeScheduling):
    """One worker has the running product and all its tests, in their order, from the start; the others share the rest.

    What xdist has for this, `--dist loadgroup`, finds no groups under pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        return _OF_THE_PRODUCT if nodeid.startswith(_OF_THE_PRODUCT) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneProduct:
    return OneProduct(config, log)
