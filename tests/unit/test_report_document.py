"""A document rendered as page, Markdown and numbers: the same parts, nothing lost, nothing taken for markup."""

from html.parser import HTMLParser

import pandas as pd
import pytest

from mc_sie.report.document import Aside, Chart, Code, Document, Section, Table
from mc_sie.report.figures import new_figure
from mc_sie.report.render import to_html, to_markdown
from mc_sie.report.svg import hover, inline_svg


def figure():
    drawn, axes = new_figure(4, 3)
    (line,) = axes.plot([1, 2], [3, 4], "o", color="#0072B2")
    hover(line, "a < b & 3 %")
    axes.set_xlabel("months")
    return drawn


@pytest.fixture
def document():
    numbers = pd.DataFrame({"quantity": ["r", "rho"], "prob": [0.25, float("nan")], "n_hits": [3, 4]})
    parts = (
        "Prose with `code <b>` and a [link](davidson-2025/index.html).",
        Table("drivers", "What drives it.", pd.DataFrame({"input": ["<r>", "a|b"], "share": ["25 %", "1"]}), numbers),
        Chart("one", "One figure.", 'Alt with "quotes" & more.', figure(), numbers, "How to read it."),
        Chart("two", "Another figure.", "Alt.", figure(), numbers[["prob"]]),
        Code("mc-sie run x > y"),
        Aside("A <doubt>."),
    )
    facts = {"prior digest": "0123456789abcdef", "seed": "0"}
    downloads = {"the prior": ("prior.json", "application/json", '{"a": 1}')}
    return Document("A title", "14 % (SE 0.1).", ("Lead.",), facts, (Section("first", "Why?", parts),), downloads)


class Page(HTMLParser):
    """Every start tag, every identifier, all text; and whether tags close in order."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.text, self.open = [], [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in ("meta", "link", "br", "img", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_a_page_is_well_formed_and_needs_nothing_else(document):
    page = Page(to_html(document))
    assert page.open == []
    assert len(set(page.ids)) == len(page.ids)
    fetched = [
        value for _, attrs in page.tags for name, value in attrs.items() if name in ("src", "href", "xlink:href")
    ]
    assert all(value.startswith(("#", "data:", "davidson-2025/")) for value in fetched)
    inner = [value[1:] for value in fetched if value.startswith("#")]
    assert set(inner) <= set(page.ids)
    for text in (
        "A title",
        "14 % (SE 0.1).",
        "Lead.",
        "Why?",
        "code <b>",
        "<r>",
        "a|b",
        "mc-sie run x > y",
        "A <doubt>.",
    ):
        assert text in page.text
    assert "How to read it." in page.text
    assert "Prior 0123456789ab." in page.text


def test_every_figure_has_its_words_and_its_numbers(document):
    page = Page(to_html(document))
    figures = [attrs for tag, attrs in page.tags if tag == "svg"]
    assert [attrs["aria-label"] for attrs in figures] == ['Alt with "quotes" & more.', "Alt."]
    assert all(attrs["role"] == "img" for attrs in figures)
    assert page.text.count("Its numbers") == 2
    assert "a < b & 3 %" in page.text  # under the pointer


def test_a_figure_takes_the_colours_of_its_page():
    text = inline_svg(figure(), "name", "alt")
    assert "#000000" not in text
    assert "currentColor" in text
    assert "#0072b2" in text.lower()
    assert "#ffffff" not in text  # no paper of its own
    assert text == inline_svg(figure(), "name", "alt")  # the same figure, the same bytes


def test_markdown_says_the_same(document):
    text = to_markdown(document)
    for part in ("# A title", "**14 % (SE 0.1).**", "## 1. Why?", "| <r> | 25 % |", r"| a\|b | 1 |", "> A <doubt>."):
        assert part in text
    assert "*How to read it.*" in text
    assert '**Figure: One figure.** Alt with "quotes" & more.' in text


def test_numbers_are_all_there_once_each(document):
    numbers = document.numbers()
    assert list(numbers) == ["section", "table", "row", "column", "value"]
    assert not numbers.duplicated(["table", "row", "column"]).any()
    chosen = numbers[(numbers["table"] == "drivers") & (numbers["row"] == "r")].set_index("column")["value"]
    assert chosen.to_dict() == {"prob": 0.25, "n_hits": 3.0}
    assert list(numbers.loc[numbers["table"] == "two", "row"]) == ["1", "2"]


def test_rows_that_read_alike_are_told_apart():
    numbers = pd.DataFrame({"mode": ["none", "none"], "prob": [0.1, 0.2]})
    table = Table("modes", "", numbers.astype(str), numbers)
    document = Document("", "", (), {}, (Section("s", "", (table,)),))
    assert list(document.numbers()["row"]) == ["1: none", "2: none"]
