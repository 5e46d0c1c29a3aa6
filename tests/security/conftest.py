"""The application, and everybody who may come to it."""

import pytest
from fastapi import FastAPI

from backend.app import create_app
from backend.settings import Settings


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create_app(settings)
