"""The JSON Schema that editors use agrees with what the reader accepts."""

import json
import tomllib

import pytest

from mc_sie.priors import json_schema, new_prior_text, shipped_priors
from mc_sie.priors.family_keys import FAMILIES
from mc_sie.quantities import MODES, QUANTITIES

SCHEMA = json_schema()
TYPES = {"string": str, "number": (int, float), "array": list, "object": dict}


def problems(value, schema, at="$"):
    """A small JSON Schema checker: the keywords that our schema uses, and no others."""
    known = {
        "$ref", "$schema", "$defs", "title", "description", "default", "type", "const", "enum", "minLength", "minItems",
        "minProperties", "maxProperties", "minimum", "exclusiveMinimum", "items", "properties", "required", "oneOf",
        "additionalProperties", "propertyNames", "exclusiveMaximum", "maxItems", "maximum",
    }  # fmt: skip
    assert set(schema) <= known, set(schema) - known
    if "$ref" in schema:
        yield from problems(value, SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]], at)
    if "type" in schema and (not isinstance(value, TYPES[schema["type"]]) or isinstance(value, bool)):
        yield f"{at} is not a {schema['type']}"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{at} is not {schema['const']}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at} is not among {schema['enum']}"
    if isinstance(value, str | list) and len(value) < max(schema.get("minLength", 0), schema.get("minItems", 0)):
        yield f"{at} is too short"
    if "minimum" in schema and value < schema["minimum"]:
        yield f"{at} is too small"
    if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
        yield f"{at} is too small"
    if "exclusiveMaximum" in schema and value >= schema["exclusiveMaximum"]:
        yield f"{at} is too large"
    if "maximum" in schema and value > schema["maximum"]:
        yield f"{at} is too large"
    if isinstance(value, list) and len(value) > schema.get("maxItems", 99):
        yield f"{at} is too long"
    if "oneOf" in schema:
        good = [option for option in schema["oneOf"] if not list(problems(value, option, at))]
        if len(good) != 1:
            yield f"{at} fits {len(good)} families"
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from problems(inner, schema.get("items", {}), f"{at}[{index}]")
    if isinstance(value, dict):
        if not schema.get("minProperties", 0) <= len(value) <= schema.get("maxProperties", 99):
            yield f"{at} has {len(value)} keys"
        names = schema.get("propertyNames", {}).get("enum")
        yield from (f"{at}.{key} is not a name" for key in value if names and key not in names)
        yield from (f"{at} lacks {key}" for key in schema.get("required", ()) if key not in value)
        for key, inner in value.items():
            if key in schema.get("properties", {}):
                yield from problems(inner, schema["properties"][key], f"{at}.{key}")
            elif schema.get("additionalProperties") is False:
                yield f"{at}.{key} is not known"
            elif isinstance(schema.get("additionalProperties"), dict):
                yield from problems(inner, schema["additionalProperties"], f"{at}.{key}")


def test_it_is_a_2020_12_schema_that_json_can_hold():
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    json.dumps(SCHEMA, allow_nan=False)


def test_it_describes_every_quantity_and_allows_nothing_else():
    assert SCHEMA["additionalProperties"] is False
    assert SCHEMA["required"] == ["title"]
    for name, quantity in QUANTITIES.items():
        described = SCHEMA["properties"][name]
        assert quantity.meaning in described["description"]
        assert described["properties"]["unit"] == {"const": quantity.unit}
        families = {
            SCHEMA["$defs"][option["$ref"].rsplit("/", 1)[1]]["properties"]["family"]["const"]
            for option in described["oneOf"]
        }
        expected = {"fixed", "categorical"} if name == "mode" else set(FAMILIES) - {"categorical"}
        assert families == (expected if quantity.optional else expected - {"absent"})
    for definition in SCHEMA["$defs"].values():
        assert definition["additionalProperties"] is False
    categorical = SCHEMA["$defs"]["CategoricalSourced"]["properties"]["values"]
    assert categorical["propertyNames"]["enum"] == list(MODES)


@pytest.mark.parametrize("name", sorted(shipped_priors()))
def test_shipped_sets_are_valid(name):
    assert list(problems(tomllib.loads(shipped_priors()[name].read_text(encoding="utf-8")), SCHEMA)) == []


def test_the_template_is_valid():
    assert list(problems(tomllib.loads(new_prior_text()), SCHEMA)) == []


def test_correlations_are_valid():
    pair = {"between": ["r", "lam"], "spearman": 0.5, "source": "s", "unit": "1"}
    group = {"group": ["r", "lam", "rho"], "spearman": -0.1, "source": "s", "judgement": "ours"}
    assert list(problems({**GOOD, "correlation": [pair, group]}, SCHEMA)) == []


GOOD = {"title": "t", "rho": {"family": "uniform", "low": -1, "high": 0, "unit": "1", "source": "s"}}


@pytest.mark.parametrize(
    "change",
    [
        {"title": None},
        {"rhoo": {}},
        {"rho": {**GOOD["rho"], "hihg": 1}},
        {"rho": {**GOOD["rho"], "unit": "months"}},
        {"rho": {**GOOD["rho"], "low": "x"}},
        {"rho": {**GOOD["rho"], "source": ""}},
        {"rho": {"family": "uniform", "low": -1, "high": 0, "unit": "1"}},
        {"rho": {"family": "absent", "source": "s"}},
        {"rho": {"family": "normal", "mean": 0, "sd": 0, "unit": "1", "source": "s"}},
        {"rho": {"family": "mixture", "components": [{"family": "fixed", "value": 1}], "unit": "1", "source": "s"}},
        {"mode": {"family": "fixed", "value": "continul", "source": "s"}},
        {"mode": {"family": "categorical", "values": {"continul": 1}, "source": "s"}},
        {"pool": {"members": {}}},
        {"correlation": [{"between": ["r"], "spearman": 0.5, "source": "s"}]},
        {"correlation": [{"between": ["r", "lam", "rho"], "spearman": 0.5, "source": "s"}]},
        {"correlation": [{"between": ["r", "mode"], "spearman": 0.5, "source": "s"}]},
        {"correlation": [{"between": ["r", "lam"], "spearman": 1, "source": "s"}]},
        {"correlation": [{"between": ["r", "lam"], "spearman": 0.5}]},
    ],
)
def test_what_the_reader_refuses_is_invalid(change):
    assert list(problems(GOOD, SCHEMA)) == []
    bad = {key: value for key, value in {**GOOD, **change}.items() if value is not None}
    assert list(problems(bad, SCHEMA)) != []
