"""A page looked at on a telephone and at a desk."""

import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

#: What holds is as long to tell as to find out.
_VIOLATIONS_ALONE = {"resultTypes": ["violations"]}


def seen(page: Page, name: str) -> None:
    """Nothing of it is wider than its window, and axe finds nothing; a picture where SCREENSHOTS says."""
    width = fits(page, name)
    violations = Axe().run(page, options=_VIOLATIONS_ALONE).response["violations"]
    found = [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in violations]
    assert not found, (name, width, found)


def looked_at(page: Page, name: str) -> None:
    """The same on a telephone and at a desk, whatever the width at which one came by."""
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        seen(page, name)


def fits(page: Page, name: str) -> int:
    """Its width, than which nothing of it is wider."""
    # A click returns when the next page begins to come, and what one looked for may be there before its style sheets.
    page.wait_for_load_state()
    assert page.viewport_size is not None
    width = page.viewport_size["width"]
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, (name, width)
    return width
