from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import jsonschema
import pytest

from schemas.events import READ_MODELS
from schemas.export import FOLDER, check, export, json_schema
from schemas.produced import WRITTEN_MODELS
from schemas.vocabulary import COUNTRIES, CURRENCIES

ASYNCAPI = Path(__file__).parent / "asyncapi"
INSTALL_SECONDS_MAX = 300
PARSE_SECONDS_MAX = 120


def test_what_is_committed_is_what_the_models_give() -> None:
    assert check() == []


def test_drift_is_told_file_by_file(tmp_path: Path) -> None:
    openapi = {"openapi": "3.1.0"}
    assert len(export(tmp_path, openapi)) == len(READ_MODELS) + len(WRITTEN_MODELS) + 2
    assert check(tmp_path, openapi) == []
    assert export(tmp_path, openapi) == []
    (tmp_path / "json" / "order.upserted.v1.json").unlink()
    (tmp_path / "json" / "order.dreamt.v1.json").write_text("{}")
    asyncapi = tmp_path / "asyncapi.json"
    asyncapi.write_text(asyncapi.read_text(encoding="utf-8").replace('"3.1.0"', '"3.0.0"', 1), encoding="utf-8")
    assert check(tmp_path, {"openapi": "3.1.1"}) == [
        "json/order.upserted.v1.json: is missing",
        "asyncapi.json: differs from the models from line 2 on",
        "openapi.json: differs from the models from line 2 on",
        "json/order.dreamt.v1.json: no type has this schema",
    ]
    export(tmp_path, openapi)
    assert check(tmp_path, openapi) == []


@pytest.mark.parametrize("suffix", sorted({**READ_MODELS, **WRITTEN_MODELS}))
def test_every_json_schema_is_a_valid_one(suffix: str) -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema(suffix))


@pytest.mark.parametrize("suffix", sorted(WRITTEN_MODELS))
def test_codes_that_holdgate_writes_of_its_own_are_never_closed_in_the_schema(suffix: str) -> None:
    schema = json_schema(suffix)
    enums = [name for name, part in schema.get("$defs", {}).items() if "enum" in part]
    assert enums in ([], ["NoticeOrigin"])  # the notice's own data, which was read


def test_the_code_lists_have_hong_kong_macao_and_taiwan_and_no_currency_that_is_none() -> None:
    assert {"HK", "MO", "TW", "CN"} <= COUNTRIES
    assert len(COUNTRIES) == 249
    assert {"CNY", "USD", "EUR"} <= CURRENCIES
    assert not {"XXX", "XTS"} & CURRENCIES


def _parser_folder() -> Path:
    """Where the pinned parser stands; it is installed once, into a cache folder, and moved there when complete."""
    pinned = json.loads((ASYNCAPI / "package.json").read_text())["dependencies"]["@asyncapi/parser"]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "holdgate"
    folder = cache / f"asyncapi-parser-{pinned}"
    if (folder / "node_modules" / "@asyncapi" / "parser" / "package.json").is_file():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix="asyncapi-parser-", dir=cache))
    shutil.copy(ASYNCAPI / "package.json", fresh)
    install = ["npm", "install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(install, cwd=fresh, check=True, capture_output=True, timeout=INSTALL_SECONDS_MAX)
    try:
        fresh.rename(folder)
    except OSError:  # another run was first, or an install was cut off half way
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    return folder


def _complaints(document: Path) -> tuple[bool, list[dict[str, object]]]:
    command = ["node", str(ASYNCAPI / "check.mjs"), str(document), str(_parser_folder())]
    ran = subprocess.run(command, check=True, capture_output=True, text=True, timeout=PARSE_SECONDS_MAX)
    answer = json.loads(ran.stdout)
    return answer["parsed"], answer["complaints"]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is absent")
def test_the_asyncapi_document_passes_the_asyncapi_parser() -> None:
    assert _complaints(FOLDER / "asyncapi.json") == (True, [])


@pytest.mark.skipif(shutil.which("node") is None, reason="node is absent")
def test_the_asyncapi_parser_would_tell_a_broken_document(tmp_path: Path) -> None:
    document = json.loads((FOLDER / "asyncapi.json").read_text(encoding="utf-8"))
    document["operations"]["send-holds"]["action"] = "shout"
    broken = tmp_path / "asyncapi.json"
    broken.write_text(json.dumps(document), encoding="utf-8")
    parsed, complaints = _complaints(broken)
    assert not parsed
    assert complaints


def _message_parts() -> list[tuple[str, str]]:
    return [(suffix, part) for suffix in sorted({**READ_MODELS, **WRITTEN_MODELS}) for part in ("headers", "payload")]


@pytest.mark.parametrize(("suffix", "part"), _message_parts())
def test_the_examples_in_the_asyncapi_document_fit_their_own_message(suffix: str, part: str) -> None:
    document = json.loads((FOLDER / "asyncapi.json").read_text(encoding="utf-8"))
    message = document["components"]["messages"][suffix]
    assert message["examples"]
    for example in message["examples"]:
        jsonschema.validate(example[part], {**message[part], "components": document["components"]})
