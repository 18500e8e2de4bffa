"""Pages drawn in a process of their own, which hostile files cannot take down with them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from index.errors import TooLarge, UnreadableFile
from index.sources import page_pictures
from index.sources.page_pictures import DrawingLimits, PageDrawer
from tests.documents import pdf

pytestmark = pytest.mark.slow
LETTER = pdf([["# Bridge", "It opened in 1932."], ["The second page."]])


@pytest.fixture(scope="module")
def drawer() -> Iterator[PageDrawer]:
    running = PageDrawer()
    yield running
    running.close()


def drawn(drawer: PageDrawer, data: bytes, page: int = 1, width: int = 500) -> Any:  # noqa: ANN401
    picture = drawer.draw(str(hash(data)), lambda: data, page, width)
    return Image.open(io.BytesIO(picture)).convert("RGB")


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:  # noqa: ANN401 - of Pillow
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def test_a_page_of_a_pdf_is_drawn_at_the_width_asked_for(drawer: PageDrawer) -> None:
    picture = drawn(drawer, LETTER, width=800)
    assert picture.width == 800
    assert picture.height == pytest.approx(800 * 842 / 595, abs=12)
    assert picture.getpixel((3, 3)) == (255, 255, 255)
    assert picture.convert("L").getextrema()[0] < 60  # the letters


def test_the_pages_of_scans_are_drawn_upright_and_on_white(drawer: PageDrawer) -> None:
    pages = [Image.new("I;16", (300, 200), 40_000), Image.new("1", (300, 200), 0)]
    scan = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert drawn(drawer, scan, 1).getpixel((9, 9))[0] == pytest.approx(156, abs=3)
    assert max(drawn(drawer, scan, 2).getpixel((9, 9))) < 5
    clear = saved(Image.new("RGBA", (300, 200), (255, 0, 0, 0)), "PNG")
    assert min(drawn(drawer, clear).getpixel((9, 9))) > 250
    turned = Image.Exif()
    turned[0x0112] = 6  # on its side, as telephones save it
    photograph = saved(Image.new("RGB", (300, 200)), "JPEG", exif=turned)
    assert drawn(drawer, photograph).size == (200, 300)


def test_a_very_high_page_has_few_pixels(drawer: PageDrawer) -> None:
    ribbon = pdf([["A till roll."]], pagesize=(72, 14_000))
    assert drawn(drawer, ribbon, width=2_600).height <= 16_383


@pytest.mark.parametrize(
    ("data", "page"),
    [(b"%PDF-1.4 nothing follows", 1), (b"not a picture", 1), (b"", 1), (LETTER, 3), (LETTER, 0)],
)
def test_what_cannot_be_drawn_is_an_error_and_the_next_page_is_drawn(
    drawer: PageDrawer, data: bytes, page: int
) -> None:
    with pytest.raises(UnreadableFile, match="cannot be drawn"):
        drawn(drawer, data, page)
    assert drawn(drawer, LETTER).width == 500


def test_a_process_that_died_is_replaced(drawer: PageDrawer) -> None:
    drawn(drawer, LETTER)
    assert drawer._worker
    drawer._worker._process.kill()
    drawer._worker._process.wait()
    assert drawn(drawer, LETTER).width == 500


def test_a_page_that_takes_too_long_is_given_up_and_its_process_ends() -> None:
    drawer = PageDrawer(DrawingLimits(max_seconds=0.0001))
    with pytest.raises(TooLarge, match="within the limit"):
        drawn(drawer, LETTER, width=2_600)
    assert not drawer.is_running


def test_only_the_files_used_last_are_kept(
    drawer: PageDrawer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_pictures, "_MAX_FILES", 2)
    read: list[str] = []

    def draw(key: str) -> None:
        def load() -> bytes:
            read.append(key)
            return LETTER

        drawer.draw(key, load, 1, 500)

    for key in ("a", "b", "a", "c", "a", "b"):
        draw(key)
    assert read == ["a", "b", "c", "b"]


def test_an_idle_process_ends_by_itself() -> None:
    drawer = PageDrawer(DrawingLimits(idle_seconds=0.05))
    drawn(drawer, LETTER)
    timer = drawer._timer
    assert timer
    timer.join(20)
    assert not drawer.is_running
