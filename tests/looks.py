"""A page looked at on a telephone and at a desk."""

import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.widths import WIDTHS


def looked_at(page: Page, name: str) -> None:
    """It scrolls sideways at neither width, and axe finds nothing; a picture where SCREENSHOTS says.

    axe, which takes its second, looks at the widths at which flows are gone through (`tests.widths`).
    """
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_load_state()  # what was looked for may be there before the last style sheet
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, (name, width)
        if width in WIDTHS:
            found = Axe().run(page).response["violations"]
            assert [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found] == [], (name, width)
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
