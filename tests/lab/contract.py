"""What `overland VERB --json` prints is a contract: config/schema/VERB.json. Every test that runs the program so checks it
here, more strictly than a reader has to: a field that no schema names is a fault, too."""

import functools
import json
from pathlib import Path

import jsonschema

SCHEMAS = Path(__file__).resolve().parents[2] / "config/schema"


def closed(schema):
    """The same, but with no other fields than those it names."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {name: closed(one) for name, one in schema.items()}
    return changed | ({"additionalProperties": False} if isinstance(schema.get("properties"), dict) else {})


@functools.cache
def validator(verb):
    schemas = {f"{SCHEMAS.as_uri()}/{file.name}": closed(json.loads(file.read_text())) for file in SCHEMAS.glob("*.json")}
    name = f"{SCHEMAS.as_uri()}/{verb}.json"
    resolver = jsonschema.RefResolver(name, schemas[name], store=schemas)
    return jsonschema.Draft202012Validator(schemas[name], resolver=resolver)


def check(arguments, output):
    """`output` of `overland ARGUMENTS`: with --json (of export --format json) nothing (the verb refused), or one document
    as its schema says."""
    if {"--json", "json"} & {str(one) for one in arguments} and output.strip():
        verb = arguments[1] if arguments[0] == "publish" else arguments[0]
        validator(verb).validate(json.loads(output))
