"""How tests are given out to several workers."""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

_OF_A_PRODUCT = ("tests/end_to_end/", "tests/chaos/")
_OF_A_BROWSER = ("browser.py", "test_citizen_page.py", "test_script_injection.py")


class OneProduct(LoadScopeScheduling):
    """One worker has a running product and all its tests, in their order, from the start; the others share the rest.

    A file's tests in the browser stay together too: they share one Chromium, which each worker would start for itself.
    What xdist has for this, `--dist loadgroup`, finds no groups under pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file.endswith(_OF_A_BROWSER):
            return file
        return next((folder for folder in _OF_A_PRODUCT if nodeid.startswith(folder)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneProduct:
    return OneProduct(config, log)
