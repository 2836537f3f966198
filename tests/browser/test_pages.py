"""Reports and the explorer as pages: they run their own script from a file, and no other."""

from __future__ import annotations

import pandas as pd
import pytest

from mc_sie.report.document import Chart, Document, Section, Table
from mc_sie.report.figures.common import new_figure, style
from mc_sie.report.render import to_html

INJECTED = """() => {
  document.body.insertAdjacentHTML("beforeend", `<p id="x" onclick="document.title = 'run'">x</p>`);
  document.body.insertAdjacentHTML("beforeend", "<img src='elsewhere.png' onerror=\\"document.title = 'run'\\">");
  const script = document.createElement("script");
  script.textContent = "document.title = 'run'";
  document.body.append(script);
  document.getElementById("x").click();
}"""


@pytest.fixture
def report_file(tmp_path):
    frame = pd.DataFrame({"input": ["a", "b", "c"], "share": ["1 %", "3 %", "2 %"]})
    with style():
        figure = new_figure(4, 3)
        axes = figure.subplots()
        figure.colorbar(axes.pcolormesh([[1.0, 2.0], [3.0, 4.0]]), ax=axes)  # its bar is a picture inside the SVG
    parts = (Table("drivers", "What drives it.", frame, frame), Chart("map", "A map.", "Alt.", figure, frame))
    downloads = {"the prior": ("prior.json", "application/json", '{"a": 1}')}
    path = tmp_path / "index.html"
    document = Document("T", "Claim.", (), {}, (Section("s", "S", parts),), downloads)
    path.write_text(to_html(document), encoding="utf-8")
    return path


@pytest.fixture
def watched(browser, page_file, report_file, request):
    """The page opened from its file, and what the browser's console said."""
    page = browser.new_page()
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.goto({"explorer": page_file, "report": report_file}[request.param].as_uri())
    page.wait_for_timeout(1000)
    yield page, messages
    page.close()


@pytest.mark.parametrize("watched", ["explorer", "report"], indirect=True)
def test_a_page_runs_its_own_script_and_no_other(watched):
    page, messages = watched
    assert messages == []  # its policy forbids nothing that it needs
    title = page.title()
    page.evaluate(INJECTED)
    page.wait_for_timeout(300)
    assert page.title() == title
    assert sum("Content Security Policy" in message for message in messages) >= 3


@pytest.mark.parametrize("watched", ["report"], indirect=True)
def test_a_report_sorts_shows_pictures_and_gives_its_files(watched):
    page, _ = watched
    page.click("#drivers th:nth-child(2) button")
    assert page.locator("#drivers tbody tr").all_inner_texts()[0].startswith("b")
    assert page.evaluate("document.querySelector('#map image').getBBox().width") > 0
    with page.expect_download() as download:
        page.click("footer a")
    assert download.value.path().read_text() == '{"a": 1}'


@pytest.mark.parametrize("watched", ["explorer"], indirect=True)
def test_the_explorer_gives_its_file(watched):
    page, _ = watched
    with page.expect_download() as download:
        page.click("#download-toml")
    assert download.value.path().read_text(encoding="utf-8") == page.input_value("#toml")
