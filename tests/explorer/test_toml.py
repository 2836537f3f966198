"""The page's TOML against Python's: what files say, what is refused and at which line, and the way back."""

import math
import random
import tomllib

import pytest
from tests_settings import ROOT

PRIORS = sorted((ROOT / "priors").glob("*.toml"))

PARSED = """
  const { parseToml, writeToml } = await import(page("toml.js"));
  return input.map((text) => {
    try { return { value: parseToml(text) }; }
    catch (error) {
      if (error.name !== "InputError") throw error;
      return { where: error.where, why: error.why };
    }
  });
"""

WRITTEN = """
  const { parseToml, writeToml } = await import(page("toml.js"));
  return input.map((value) => { const text = writeToml(value); return { text, again: parseToml(text) }; });
"""


def same(one, other):
    """Equality that takes 1 for 1.0 and nan for nan."""
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, bool) or isinstance(other, bool) or isinstance(one, str):
        return one is other or (isinstance(one, str) and one == other)
    if math.isnan(one):
        return math.isnan(other)
    return one == other


def test_shipped_prior_files_are_read_and_written_as_they_are(node):
    texts = [path.read_text("utf-8") for path in PRIORS]
    right = [tomllib.loads(text) for text in texts]
    for path, found, value in zip(PRIORS, node(PARSED, texts), right, strict=True):
        assert same(found["value"], value), path.name
    for path, found, value in zip(PRIORS, node(WRITTEN, right), right, strict=True):
        assert same(found["again"], value), path.name
        assert same(tomllib.loads(found["text"]), value), path.name


GOOD = [
    "",
    "# nothing but a comment",
    "a = 1\nb=-2\nc = +3\nd = 1_000\ne = 0xff\nf = 0o17\ng = 0b1_01\nh = 0",
    "a = 1.5\nb = -0.0\nc = 1e3\nd = 1_0.2_5E-2\ne = inf\nf = -inf\ng = +nan\nh = 6.02e23",
    "a = true\nb = false",
    'a = "\\b\\t\\n\\f\\r\\"\\\\\\u00e9\\U0001F600"\nb = \'C:\\no\'',
    'a = """\none\ntwo"""\nb = """a \\\n   \n  b"""\nc = """"quoted""""\nd = """""\'"""""',
    "a = '''\none\n'two''''\nb = ''''x''''",
    "a = [1, 2, [3, 'x'], ]\nb = [ # comment\n  1,\n\n  2 # other\n]\nc = []",
    "a = { b = 1, c.d = 2, c.e = { f = [1, { g = 2 }] } }\nb = {}",
    "[a]\nx = 1\n[a.b]\ny = 2\n[c.d.e]\n[c]\nz = 1",
    "[[a]]\nx = 1\n[[a]]\n[a.b]\ny = 1\n[[a.c]]\n[[a.c]]\nz = 1",
    'a.b = 1\na.c.d = 2\na . e = 3\n\'quoted key\'."x y" = 4\n1.2 = 5\n"" = 6',
    "[a]\nb.c = 1\nb.d = 2\n[a.e]\nx = 1",
    "[a.b]\nx = 1\n[a]\nc = 2",
    'a = 1\r\nb = """x\r\ny"""\r\n',
    "\t a\t=\t1\t# end",
    "a = 1 # ü 😀\nü = 2".replace("ü =", '"ü" ='),
    "a = 'x'\n[b]\n[b.c.d]\n[b.c]\n[b.e]\n[[b.f]]",
    "[a]\nx.y = 1\n[a.x.z]\nw = 2",
    "inf = inf\ntrue = true\n-1- = 2",
]


def test_what_python_reads_is_read_alike(node):
    for text, found in zip(GOOD, node(PARSED, GOOD), strict=True):
        assert same(found.get("value"), tomllib.loads(text)), (text, found)


def test_the_sign_of_zero_is_kept(node):
    script = """
      const { parseToml, writeToml } = await import(page("toml.js"));
      return [Object.is(parseToml("a = -0.0").a, -0), writeToml({ a: -0 })];
    """
    assert node(script) == [True, "a = -0.0\n"]


BAD = {
    "a": 1,
    "a =": 1,
    "= 1": 1,
    "\na = 1 b = 2": 2,
    "a = 1\na = 2": 2,
    "a = 01": 1,
    "a = 1__0": 1,
    "a = 1.": 1,
    "a = .5": 1,
    "a = 0x": 1,
    "a = +0x1": 1,
    "a = tru": 1,
    "a = True": 1,
    "a = nope": 1,
    'a = "x': 1,
    "a = 'x": 1,
    'a = "x\ny"': 1,
    'a = """x': 1,
    "\n\na = '''x": 3,
    'a = "\\q"': 1,
    'a = "\\u12"': 1,
    'a = "\\uD800"': 1,
    'a = "\\U00110000"': 1,
    'a = "\\': 1,
    "a = [1, 2": 1,
    "a = [1 2]": 1,
    "a = [,]": 1,
    "a = { b = 1": 1,
    "a = { b = 1, }": 1,
    "a = { b = 1\n}": 1,
    "a = { b = 1, b = 2 }": 1,
    "a = { b.c = 1, b = 2 }": 1,
    "a = { b = { c = 1 }, b.d = 2 }": 1,
    "[a]\n[a]": 2,
    "[a": 1,
    "[]": 1,
    "[[a]": 1,
    "[a]]": 1,
    "[[a]]\n[a]": 2,
    "[a]\n[[a]]": 2,
    "a = []\n[[a]]": 2,
    "a = [{}]\n[a.b]": 2,
    "a = {}\n[a.b]": 2,
    "a = {}\na.b = 1": 2,
    "a = 1\na.b = 2": 2,
    "a = 1\n[a]": 2,
    "a.b = 1\na = 2": 2,
    "a.b = 1\n[a]": 2,
    "a.b.c = 1\n[a.b]": 2,
    "[a.b]\nx = 1\n[a]\nb.y = 2": 4,
    "[a]\nb.c = 1\n[a.b]": 3,
    "[[a.b]]\n[a]\nb.c = 1": 3,
    "a = 1 # \x01": 1,
    "a = 'x\x00'": 1,
    "a = 1\rb = 2": 1,
    "a.b..c = 1": 1,
    "a. = 1": 1,
    "ü = 1": 1,
    'a = """\n\x07"""': 2,
    "a = 1_": 1,
    "a = 1e": 1,
    "a = '''\n\n''' x": 3,
    '"""a""" = 1': 1,
    "a = [\n1,\n2,\nx]": 4,
}


@pytest.fixture(scope="module")
def refusals(node):
    return dict(zip(BAD, node(PARSED, list(BAD)), strict=True))


@pytest.mark.parametrize("text", BAD)
def test_what_python_refuses_is_refused_with_its_line(refusals, text):
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads(text)
    assert refusals[text].get("where") == f"line {BAD[text]}"


HOSTILE = {
    "deep arrays": "a = " + "[" * 100_000,
    "deep arrays, closed": "a = " + "[" * 500 + "]" * 500,
    "deep inline tables": "a = " + "{ a = " * 100_000,
    "deep keys": ".".join(["a"] * 100_000) + " = 1",
    "deep heading": "[" + ".".join(["a"] * 100_000) + "]",
    "five megabytes": "a = 1 # " + "x" * 5_000_000,
    "prototype": "__proto__ = { polluted = true }",
    "prototype in a heading": "[__proto__]\npolluted = true",
    "prototype in a dotted key": "a.'__proto__'.polluted = true",
    "prototype by an escape": 'a = { "\\u005f_proto__" = 1 }',
    "constructor": "[constructor.prototype]\npolluted = true",
    "a name of every object": "toString = 1",
    "a date": "a = 1979-05-27T07:32:00Z",
    "a time": "a = 07:32:00",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_refused(node, name):
    (found,) = node(PARSED, [HOSTILE[name]])
    assert found["where"].startswith("line 1")
    assert "polluted" not in node("return [{}.polluted === undefined ? 'clean' : 'polluted'];")


def test_long_texts_do_not_hang(node):
    """Many characters of each thing that could be read in more than one way: seconds at the most."""
    n = 600_000
    texts = [
        "a = '" + "x" * n + "'",
        'a = "' + "\\n" * (n // 2) + '"',
        'a = """' + '"" ' * (n // 3) + '"""',
        "\n" * n,
        " " * n,
        "a = [" + "1," * (n // 2) + "]",
        "a = " + "1" * n,
        "a = " + "1_" * (n // 2),
        "a = [" + "\n" * n,
        'a = """' + "\\\n" * (n // 2),
        "".join(f"k{i} = 1\n" for i in range(100_000)),
        "[[a]]\n" * (n // 6),
        "a" * n,
        "#" * n,
        "a = " + "-" * n,
    ]
    found = node(PARSED, texts)
    assert [sorted(one)[0] for one in found[:6]] == ["value"] * 6
    assert found[8]["where"] == f"line {n + 1}"


@pytest.mark.parametrize("seed", range(3))
def test_what_is_written_is_read_again(node, seed):
    rng = random.Random(seed)
    characters = ["a", "Z", "0", '"', "'", "\\", "\n", "\r", "\t", "\x00", "\x7f", "é", "😀", "#", "=", " ", '"""', "]"]

    def text():
        return "".join(rng.choices(characters, k=rng.randrange(12)))

    def value(depth):
        kinds = ["number", "text", "boolean"] + ["array", "table"] * (depth < 3)
        match rng.choice(kinds):
            case "number":
                return rng.choice(
                    [
                        0.0,
                        -0.0,
                        1.0,
                        -3.0,
                        0.1,
                        1e300,
                        5e-324,
                        1e22,
                        2.0**53,
                        math.inf,
                        -math.inf,
                        math.nan,
                        rng.gauss(),
                    ]
                )
            case "text":
                return text()
            case "boolean":
                return rng.random() < 0.5
            case "array":
                return [value(depth + 1) for _ in range(rng.randrange(5))]
            case _:
                return {text(): value(depth + 1) for _ in range(rng.randrange(5))}

    objects = [{text(): value(0) for _ in range(6)} for _ in range(100)]
    for one, found in zip(objects, node(WRITTEN, objects), strict=True):
        assert same(found["again"], one)
        assert same(tomllib.loads(found["text"]), one), found["text"]
