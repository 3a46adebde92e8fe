"""The picture of a report in README, from the sample logs: writes docs/report.png. By hand, since it needs a browser.

`.venv/bin/python scripts/draw_report.py [BROWSER]`; without a name, Chromium or Chrome is looked for. What the picture
shows is the page itself; that it is right is for the tests of reports to say.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import yaml
from PIL import Image

PICTURE = Path(__file__).absolute().parent.parent / "docs" / "report.png"
# A Monday that ends in the fault, the day before it, and the Monday before; nobody reads the days between.
END, HOURS, EVENTS_PER_HOUR = datetime(2025, 6, 3, tzinfo=UTC), 200, 2500
DAYS = ("2025-05-26", "2025-06-01", "2025-06-02", "2025-06-03")
TENANT = "globex"
WIDTH, HEIGHT = 800, 1420  # the top of the page
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def main(arguments: list[str]) -> int:
    browser = arguments[0] if arguments else next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print(f"no browser: name one, or install one of {', '.join(BROWSERS)}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        page = sample_page(Path(folder) / "lake")
        PICTURE.write_bytes(small(screenshot(browser, page, Path(folder))))
    print(f"{PICTURE}: {PICTURE.stat().st_size:,} bytes")
    return 0


def sample_page(root: Path) -> Path:
    """The sample's report, in a lake of its own."""
    from logsight_assets.lake import open_lake  # noqa: PLC0415  not needed to say that there is no browser
    from logsight_assets.progress import building  # noqa: PLC0415
    from logsight_assets.reports.period import Period  # noqa: PLC0415
    from logsight_assets.reports.produce import make_reports  # noqa: PLC0415
    from logsight_assets.sample.shop import Shop, source_definitions  # noqa: PLC0415
    from logsight_assets.sample.spec import ShopSpec  # noqa: PLC0415

    lake = open_lake(str(root), {}, clock=lambda: END.replace(minute=40))
    spec = ShopSpec(end=END, hours=HOURS, events_per_hour=EVENTS_PER_HOUR)
    (root / "sources").mkdir(parents=True)
    for name, definition in source_definitions(spec).items():
        (root / "sources" / f"{name}.yaml").write_text(yaml.safe_dump(definition), encoding="utf-8")
    for sample in Shop(spec):
        if any(f"/dt={day}/" in sample.key for day in DAYS):
            lake.store.put(sample.key, sample.data)
    building(lake)
    (made,) = make_reports(lake, Period.day("2025-06-02"), TENANT)
    return Path(lake.store.uri(made.page_key))


def screenshot(browser: str, page: Path, folder: Path) -> bytes:
    file = folder / "page.png"
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1"]
    size = f"--window-size={WIDTH},{HEIGHT}"
    subprocess.run([browser, *options, size, f"--screenshot={file}", page.as_uri()], check=True, capture_output=True)
    return file.read_bytes()


def small(png: bytes) -> bytes:
    """The same picture with a palette."""
    held = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB").quantize(128, dither=Image.Dither.NONE)
    picture.save(held, "PNG", optimize=True)
    return held.getvalue()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
