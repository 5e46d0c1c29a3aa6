"""Members of staff in a real browser, each in a window of their own.

They sign in as programs do. The page at which people sign in is gone through where it is the matter itself:
`tests/console/test_audit_browser.py`, `test_learning_browser.py` (without scripts) and `tests/end_to_end`.
"""

from playwright.sync_api import Browser, BrowserContext, Page

from tests.staff import PASSWORD


def sign_in(context: BrowserContext, username: str) -> None:
    """Every window of the context is theirs from now on."""
    answer = context.request.post("/api/auth/login", data={"username": username, "password": PASSWORD})
    assert answer.ok, answer.text()


def signed_in(
    browser: Browser, site: str, username: str, target: str = "/consola", *, width: int = 1280, height: int = 900
) -> Page:
    """A window at `target`."""
    context = browser.new_context(base_url=site, locale="es-MX", viewport={"width": width, "height": height})
    sign_in(context, username)
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(target)
    return page
