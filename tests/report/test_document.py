"""A document rendered as page, Markdown and numbers: the same parts, nothing lost, nothing taken for markup."""

from html.parser import HTMLParser

import pandas as pd
import pytest
from matplotlib.text import Text

from mc_sie.report.document import Aside, Chart, Code, Document, Section, Table
from mc_sie.report.figures.common import new_figure, powers_of_ten, save, style
from mc_sie.report.render import markdown_table, markdown_text, to_html, to_markdown
from mc_sie.report.svg import hover, inline_svg


def figure():
    drawn = new_figure(4, 3)
    axes = drawn.subplots()
    (line,) = axes.plot([1, 2], [3, 4], "o", color="#0072B2")
    hover(line, "a < b & 3 %")
    axes.set_xlabel("months")
    return drawn


@pytest.fixture
def document():
    numbers = pd.DataFrame({"quantity": ["r", "rho"], "prob": [0.25, float("nan")], "n_hits": [3, 4]})
    parts = (
        "Prose with `code <b>` and a [link](davidson-2025/index.html).",
        Table("drivers", "What drives it.", pd.DataFrame({"input": ["<x>", "a|b"], "share": ["25 %", "1"]}), numbers),
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
        "<x>",
        "a|b",
        "mc-sie run x > y",
        "A <doubt>.",
    ):
        assert text in page.text
    assert "How to read it." in page.text


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
    for part in (
        "# A title",
        "**14 % (SE 0.1).**",
        "## 1. Why?",
        r"| \<x> | 25 % |",
        r"| a\|b | 1 |",
        r"> A \<doubt>.",
    ):
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


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a <img src=x onerror=y> b", r"a \<img src=x onerror=y> b"),
        ("[here](javascript:x)", r"[here\](javascript:x)"),
        ("[here](//elsewhere.example)", r"[here\](//elsewhere.example)"),
        ("![a](http://elsewhere.example/x.png)", r"![a\](http://elsewhere.example/x.png)"),
        ("*a* _b_ ~~c~~ $d$ &lt; e_f", r"\*a\* \_b\_ \~\~c\~\~ \$d\$ \&lt; e_f"),
        ("# a\n\n## b", r"\# a ## b"),
        ("> a", r"\> a"),
        ("- a", r"\- a"),
        ("1. a", r"1\. a"),
        ("---", r"\---"),
        ("\x1b[31m\u202ea", r"\\u001b[31m\\u202ea"),
        ("`run *x*` and [the text](#answer)", "`run *x*` and [the text](#answer)"),
        ("best_window[5] < 12 is 14.09 % (SE 0.03); -0.3", "best_window[5] < 12 is 14.09 % (SE 0.03); -0.3"),
    ],
)
def test_foreign_text_is_no_markdown(text, written):
    assert markdown_text(text) == written


def test_no_text_ends_its_cell_or_its_block():
    assert markdown_table(pd.DataFrame({"a|b": ["`x|y`", "z\n| w |"]})).splitlines()[2:] == [
        r"| `x\|y` |",
        r"| z \| w \| |",
    ]
    section = Section("s", "T", (Code("a\n```\n# b"),))
    text = to_markdown(Document("t", "c", (), {"command": "mc-sie run 'a`b'"}, (section,)))
    assert "````\na\n```\n# b\n````" in text
    assert "* command: `` mc-sie run 'a`b' ``" in text


def test_links_of_foreign_text_stay_on_the_page_and_beside_it(document):
    sections = (Section("s", "T", ("[a](//elsewhere.example) [b](https://c.d) [e](#s) [f](../../g)",)),)
    page = Page(to_html(Document("t", "c", (), {}, sections)))
    assert [attrs["href"] for tag, attrs in page.tags if tag == "a" and "class" not in attrs][1:] == ["#s"]


@pytest.mark.parametrize("name", ["a$x^$b", "up to $$ per year", "$5 and $x^2$ %s", r"\$a$ \frac $", "{$}$"])
def test_a_dollar_in_a_name_is_a_dollar(tmp_path, name):
    with style():
        drawn = new_figure(4, 3)
        axes = drawn.subplots()
        axes.plot([1, 2], [3, 4], label=name)
        axes.set_title(name)
        axes.set_yticks([3, 4], [name, "b"])
        axes.annotate(name, (1, 3))
        axes.legend()
    save(drawn, tmp_path / "a.png")
    svg = inline_svg(drawn, "name", name)
    assert Page(svg).text.count(name) == 4
    assert all(not text.get_parse_math() for text in drawn.findobj(Text))


def test_powers_of_ten_need_no_mathematics():
    with style():
        drawn = new_figure(4, 3)
        axes = drawn.subplots()
        axes.plot([1e-3, 1e12], [1, 2])
        axes.set_xscale("log")
        axes.set_xticks([1e-3, 1.0, 1e12])
        powers_of_ten(axes.xaxis)
    text = Page(inline_svg(drawn, "name", "alt")).text
    assert "10⁻³" in text
    assert "10¹²" in text
    assert "mathdefault" not in text
