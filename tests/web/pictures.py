"""Pictures of every screen of the console, light and dark, for docs/images/.

`make up`, and then, with what it prints, on data that nobody minds:
`.venv/bin/python -m tests.web.pictures http://127.0.0.1:8000 http://127.0.0.1:8001 ADMIN_TOKEN`.
They are WebP by the browser itself, which needs no other library.
"""

import base64
import json
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote
from urllib.request import ProxyHandler, Request, build_opener

from playwright.sync_api import Browser, Page, sync_playwright

from tests.web.conftest import NAMES, QUIET, VIEW
from tests.web.scenery import USER, Shop, furnish, today

OUT = Path(__file__).parents[2] / "docs" / "images"
QUALITY = 0.82
SLOW = {"latency_seconds": 5.0, "jitter_seconds": 3.0, "refuse_rate": 0.04, "error_rate": 0.04}
"""So that something is seen under way, and some of it fails."""
SECONDS = {"overview": 25.0, "mailing": 6.0}
"""Until charts have filled and bells rung; others take one."""
PACK = """async ([png, quality]) => {
  const image = await createImageBitmap(await (await fetch('data:image/png;base64,' + png)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height);
  canvas.getContext('2d').drawImage(image, 0, 0);
  const blob = await canvas.convertToBlob({ type: 'image/webp', quality });
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}"""
PLACES = {
    "mailings": "/mailings",
    "compose": "/compose",
    "sends": "/sends",
    "send": "/sends/new",
    "clients": "/clients",
    "groups": "/groups",
    "group": "/groups/tasters",
    "segments": "/segments",
    "templates": "/templates",
    "template": "/templates/order-shipped",
    "notifications": f"/notifications?user={USER}",
    "kinds": "/kinds",
    "contacts": "/contacts",
    "failed": "/failed",
    "suppressions": "/suppressions",
    "api-keys": "/api-keys",
    "audit": "/audit",
}

Scheme = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Camera:
    """A browser before a console that an admin has signed in to."""

    browser: Browser
    packer: Page
    console: str
    token: str
    out: Path

    def shoot(self, places: dict[str, str], scheme: Scheme) -> None:
        """A picture of each place."""
        context = self.browser.new_context(
            viewport=VIEW, reduced_motion="reduce", locale="en-GB", color_scheme=scheme
        )
        page = context.new_page()
        page.goto(f"{self.console}#token={self.token}")
        for name, path in places.items():
            page.goto(f"{self.console}{path}")
            page.get_by_role("heading", level=1).wait_for()
            _fill(page, name)
            time.sleep(SECONDS.get(name, 1.0))
            page.evaluate("scrollTo(0, 0)")
            png = base64.b64encode(page.screenshot()).decode()
            webp = base64.b64decode(self.packer.evaluate(PACK, [png, QUALITY]))
            (self.out / f"console-{name}-{scheme}.webp").write_bytes(webp)
        context.close()


def main(origin: str, outside: str, token: str, out: Path) -> None:
    """Furnish the shop, and take the pictures."""
    shop = Shop(origin, token)
    _faults(outside, SLOW)
    mailing = furnish(shop, today())
    moving = {
        "overview": "",
        "mailing": f"/mailings/{quote(mailing, safe='')}",
        "queues": "/queues",
    }
    found = next(filter(None, map(shutil.which, NAMES)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=QUIET)
        camera = Camera(browser, browser.new_page(), f"{origin}/console", token, out)
        schemes: tuple[Scheme, ...] = ("light", "dark")
        for scheme in schemes:
            camera.shoot(moving, scheme)
        for scheme in schemes:
            camera.shoot(PLACES, scheme)
        browser.close()
    _faults(outside, {})


def _faults(outside: str, said: dict[str, Any]) -> None:
    body = json.dumps(said).encode()
    request = Request(f"{outside.rstrip('/')}/_faults", body, method="PUT")  # noqa: S310
    with build_opener(ProxyHandler({})).open(request, timeout=10):
        pass


def _fill(page: Page, name: str) -> None:
    """What someone would have typed."""
    if name == "compose":
        page.get_by_role("textbox", name="Name").fill("Spring sale")
        page.get_by_role("textbox", name="Text").fill("All green teas at half the price.")
        page.get_by_role("combobox", name="Tags").fill("regular")
        page.keyboard.press("Enter")
    if name == "send":
        page.get_by_label("Words", exact=True).select_option("order-shipped")
        page.get_by_role("textbox", name="name").fill("Ann")
        page.get_by_role("textbox", name="order").fill("4711")
        page.get_by_label("arrives").fill("2026-01-31")
        page.get_by_role("combobox", name="Who").fill("ann.lee@example.com")
        page.keyboard.press("Enter")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]) if sys.argv[4:] else OUT)
