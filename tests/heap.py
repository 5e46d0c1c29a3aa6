"""What is loaded before the first test, kept out of the garbage collector's rounds: a quarter of a session's time."""

import gc

import pytest


def pytest_load_initial_conftests() -> None:
    gc.disable()


def pytest_collection_finish(session: pytest.Session) -> None:
    gc.freeze()
    gc.enable()
