#!/usr/bin/python3
"""schemas - hold etc/schema against the typed decoders.

usage: schemas.py SCHEMA-DIR SCHEMAS-TOOL CORPUS...

A line of a corpus is {"type","data","valid"}, with "schema":true where the
schema cannot say what the decoder refuses. Both must agree with it.
"""
import json
import pathlib
import re
import subprocess
import sys

import jsonschema


def pattern(_validator, want, instance, _schema):
    # ECMA 262's $ is the very end; Python's also stands before a newline.
    if isinstance(instance, str):
        if not re.search(re.sub(r"\$$", r"\\Z", want), instance):
            yield jsonschema.ValidationError(f"does not match {want}")


Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator, {"pattern": pattern})


def load(directory):
    found = {}
    for path in pathlib.Path(directory).glob("*.json"):
        schema = json.loads(path.read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        found[schema["title"]] = Validator(schema)
    return found


def main(directory, tool, *corpora):
    schemas, wrong, loose, seen = load(directory), 0, 0, {}
    for corpus in corpora:
        lines = pathlib.Path(corpus).read_text().splitlines()
        told = subprocess.run([tool, "--decode", corpus], check=True,
                              capture_output=True, text=True)
        words = told.stdout.splitlines()
        if len(words) != len(lines):
            sys.exit(f"{corpus}: {len(lines)} lines, {len(words)} answers")
        for number, (line, word) in enumerate(zip(lines, words), 1):
            case = json.loads(line)
            decoder = word == "valid"
            schema = schemas[case["type"]].is_valid(case["data"])
            want = case.get("schema", case["valid"])
            loose += want != case["valid"]
            seen.setdefault(case["type"], set()).add(case["valid"])
            if decoder != case["valid"] or schema != want:
                wrong += 1
                print(f"{corpus}:{number}: want {case['valid']}, "
                      f"decoder {word}, schema {schema}")
    for name in sorted(schemas):
        if seen.get(name) != {True, False}:
            wrong += 1
            print(f"{name}: the corpus lacks a valid or an invalid case")
    print(f"{len(schemas)} schemas, {wrong} wrong; {loose} cases that only "
          "the decoder can refuse")
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
