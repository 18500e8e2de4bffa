"""Tries an installed wheel where there is no source tree: run by .ci/run, not by pytest.

python wheel_check.py DIST_FOLDER
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from importlib import metadata, resources
from pathlib import Path

DATA = (
    "qa/py.typed",
    "qa/conversation/intent_weights.json",
    "qa/overview/lexicon.toml",
    "qa/output/static/export.css",
    "qa/output/static/marks.css",
    "qa/output/static/structure.css",
    "qa/output/static/palette.css",
    "qa/output/static/status.css",
    "qa/output/templates/export.html",
    "qa/page/static/adding.js",
    "qa/page/static/article.css",
    "qa/page/static/article.js",
    "qa/page/static/chat.css",
    "qa/page/static/chat.js",
    "qa/page/static/errors.js",
    "qa/page/static/keyboard.js",
    "qa/page/static/page.css",
    "qa/page/static/quotes.js",
    "qa/page/static/screens.css",
    "qa/page/static/shelf.css",
    "qa/page/static/shelf.js",
    "qa/page/static/startup.js",
    "qa/page/static/touch.css",
    "qa/page/static/written.css",
    "qa/page/templates/adding.html",
    "qa/page/templates/panel.html",
    "qa/page/templates/reply_foot.html",
    "qa/page/templates/shelf.html",
    "qa/page/templates/strip.html",
    "qa/page/templates/tools.html",
    "qa/page/templates/ways.html",
    "qa/writing/planted_weights.json",
    "qa/checking_model/README.md",
    "qa/checking_model/checker.json",
    "qa/checking_model/checker.npz",
    "qa/checking_model/checker.onnx",
    "qa/reading_model/README.md",
    "qa/reading_model/adapters.npz",
    "qa/reading_model/large.json",
    "qa/reading_model/large.onnx",
    "qa/reading_model/large_calibration.json",
    "qa/reading_model/ranges.npz",
    "qa/reading_model/calibration.json",
    "qa/reading_model/reader.json",
    "qa/reading_model/reader.onnx",
    "qa/reading_model/tokenizer.json",
    "index/py.typed",
    "index/articles/README.md",
    "index/articles/us-urges-india-pakistan-dialogue.txt",
    "app.py",
)


def check_archives(folder: Path) -> None:
    """Assert that wheel and sdist hold every data file, and the licence."""
    (wheel,) = folder.glob("*.whl")
    (sdist,) = folder.glob("*.tar.gz")
    in_wheel = set(zipfile.ZipFile(wheel).namelist())
    with tarfile.open(sdist) as archive:
        in_sdist = {name.partition("/")[2] for name in archive.getnames()}
    for name in DATA:
        assert name in in_wheel, f"{name} is not in the wheel"
        assert name in in_sdist, f"{name} is not in the sdist"
    assert any(name.endswith("licenses/LICENSE") for name in in_wheel)


def check_installed() -> None:
    """Assert that Python and the command line answer from the installed package."""
    import index
    import qa

    place = Path(sys.prefix)
    assert place in Path(str(qa.__file__)).parents, f"qa comes from {qa.__file__}"
    assert place in Path(str(index.__file__)).parents, f"index comes from {index.__file__}"
    assert metadata.version("article-qa")
    assert resources.files("index.articles").joinpath("README.md").is_file()
    answer = qa.ask("Who did Marco Rubio call?")
    assert answer.answered, answer
    assert "Jaishankar" in answer.text, answer.text
    command = Path(sys.executable).with_name("article-qa")
    told = subprocess.run(
        [command, "ask", "Who did Marco Rubio call?"], capture_output=True, text=True, check=True
    )
    assert "Jaishankar" in told.stdout, told.stdout
    page = subprocess.run(
        [sys.executable, "-m", "app", "--help"], capture_output=True, text=True, check=True
    )
    assert "--port" in page.stdout


if __name__ == "__main__":
    check_archives(Path(sys.argv[1]))
    check_installed()
    sys.stdout.write("The wheel is whole, installs, and answers.\n")
