"""Takes the pictures of README.md: `make screenshots`. A throw-away demo, the real pages, headless Chromium.

Writes docs/screenshots/*.png, each under 300 kB: 256 colours, moved to where the picture has them; else the ground of the map is tinted.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from geo_service.commands.demo import fill
from geo_service.db.local_cluster import LocalCluster
from geo_service.db.migrate import migrate
from geo_service.settings import Settings
from tests.clients.server import serving

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"


@contextmanager
def running_demo() -> Iterator[str]:
    """Address of a demo that is gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="gs-shots-", dir="/tmp"))  # a socket's name is limited to 107 bytes
    home.chmod(0o755)
    cluster = LocalCluster(home / "c")
    cluster.initialise()
    cluster.start()
    try:
        cluster.create_database("shots")
        database = cluster.database("shots")
        migrate(database)
        fill(database, print)
        with serving(database, Settings(demo=True)) as address:
            yield address
    finally:
        cluster.stop()
        shutil.rmtree(home, ignore_errors=True)


def keep(page: Page, name: str) -> None:
    """The page as it is now, once it has nothing more to load."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(800)  # canvas layers are drawn in the next frames
    picture = Image.open(BytesIO(page.screenshot()))
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.png"
    colours = Image.Quantize.MEDIANCUT
    picture.convert("RGB").quantize(256, colours, kmeans=1, dither=Image.Dither.NONE).save(
        path, optimize=True
    )
    size_kb = path.stat().st_size / 1000
    print(f"{path.name}: {size_kb:.0f} kB")
    assert size_kb < 300, f"{path} is too large for the repository"


def sign_in(page: Page, address: str) -> None:
    """As a clerk of Bensheim, the way the demo offers it."""
    page.goto(f"{address}/towns/bensheim/desk")
    page.locator("button[name=demo][value=clerk], button:has-text('Sachbearbeitung')").first.click()
    page.wait_for_load_state("networkidle")


def draw_over_a_terrace(page: Page, address: str) -> None:
    """A scaffold where tables and chairs are allowed already: what is in the way, and the fee."""
    page.goto(f"{address}/towns/bensheim/apply")
    page.fill("#street", "Hauptstraße")
    page.press("#street", "Enter")
    page.click("#draw-rectangle")
    page.fill("#length_m", "60")
    page.fill("#depth_m", "6")
    page.wait_for_load_state("networkidle")
    page.click("#place-rectangle")
    page.wait_for_selector("#result article, #result li, #result .finding", timeout=20_000)
    page.locator("#result-heading").scroll_into_view_if_needed()


def main() -> None:
    """All pictures."""
    with running_demo() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 860}, locale="de-DE")
        for name, path in (
            ("portal", "/"),
            ("public-map", "/towns/bensheim/"),
            ("rules", "/rules"),
        ):
            page.goto(f"{address}{path}")
            keep(page, name)
        draw_over_a_terrace(page, address)
        keep(page, "apply")
        sign_in(page, address)
        keep(page, "desk")
        browser.close()


if __name__ == "__main__":
    main()
