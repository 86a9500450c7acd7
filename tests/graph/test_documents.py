"""Trusted documents: which manifests are read, which are refused, and what requests may name."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import BelfryError, ConfigurationError, Invalid
from core.settings import Settings, load
from graph import documents, gate, preparation

TEXT = "query Kinds { kinds { key } }"
OTHER = "query Clients($n: Int!) { clients(first: $n) { totalCount } }"
WRONG = "query Wrong { nope }"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def sha1(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def apollo(*texts: str) -> dict[str, Any]:
    operations = [{"id": sha256(it), "name": "A", "type": "query", "body": it} for it in texts]
    return {"format": documents.APOLLO, "version": 1, "operations": operations}


def settings_for(folder: Path, manifest: object, *, only: bool = False) -> Settings:
    path = folder / "documents.json"
    path.write_text(manifest if isinstance(manifest, str) else json.dumps(manifest), "utf-8")
    return load(_env_file=None, trusted_documents=str(path), trusted_documents_only=only)


@pytest.mark.parametrize(
    ("manifest", "name"),
    [
        ({sha256(TEXT): TEXT}, sha256(TEXT)),
        ({sha256(TEXT).upper(): TEXT}, sha256(TEXT)),
        ({f"sha256:{sha256(TEXT)}": TEXT}, sha256(TEXT)),
        ({sha1(TEXT): TEXT}, sha1(TEXT)),
        ({md5(TEXT): TEXT}, md5(TEXT)),
        (apollo(OTHER, TEXT), sha256(TEXT)),
    ],
    ids=["flat", "capitals", "with the prefix", "Code Generator's", "Relay's", "Apollo's"],
)
def test_every_usual_manifest_is_read(tmp_path: Path, manifest: object, name: str) -> None:
    settings = settings_for(tmp_path, manifest)
    assert documents.load(settings) >= 1
    assert gate.document(settings, {"documentId": name}) == TEXT


@pytest.mark.parametrize(
    "said",
    [
        {"documentId": sha256(TEXT)},
        {"documentId": f"sha256:{sha256(TEXT)}"},
        {"documentId": f"sha256:{sha256(TEXT)}", "query": None},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256(TEXT)}}},
        {"query": "", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256(TEXT)}}},
        {"query": TEXT},
        {"query": TEXT, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "x"}}},
    ],
)
@pytest.mark.parametrize("only", [True, False])
def test_a_trusted_document_is_named_by_its_hash_or_sent_as_it_is(
    tmp_path: Path, said: dict[str, Any], only: bool
) -> None:
    settings = settings_for(tmp_path, {sha256(TEXT): TEXT}, only=only)
    assert gate.document(settings, said) == TEXT


def test_a_trusted_document_is_ready_before_anybody_asks(tmp_path: Path) -> None:
    text = f"{TEXT} # {tmp_path}"
    assert documents.load(settings_for(tmp_path, {sha256(text): text})) == 1
    assert preparation.documents.known(text) is not None


def code_of(settings: Settings, said: dict[str, Any]) -> str:
    with pytest.raises(BelfryError) as refused:
        gate.document(settings, said)
    assert str(refused.value)
    return refused.value.code


def test_others_are_refused_where_only_trusted_ones_are_executed(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, {sha256(TEXT): TEXT}, only=True)
    assert code_of(settings, {"query": OTHER}) == "DOCUMENT_NOT_TRUSTED"
    assert code_of(settings, {"query": TEXT + " "}) == "DOCUMENT_NOT_TRUSTED"
    assert code_of(settings, {"documentId": sha256(OTHER)}) == "PERSISTED_QUERY_NOT_FOUND"


def test_others_pass_where_trusted_ones_are_only_an_offer(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, {sha256(TEXT): TEXT})
    assert gate.document(settings, {"query": OTHER}) == OTHER
    assert code_of(settings, {"documentId": "nothing"}) == "PERSISTED_QUERY_NOT_FOUND"


def test_without_a_manifest_clients_learn_to_send_the_text() -> None:
    settings = load(_env_file=None)
    assert documents.load(settings) == 0
    said = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256(TEXT)}}}
    assert code_of(settings, said) == "PERSISTED_QUERY_NOT_SUPPORTED"
    assert gate.document(settings, {"query": TEXT}) == TEXT


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"query": None},
        {"query": " "},
        {"query": 1},
        {"query": ["{ a }"]},
        {"documentId": ""},
        {"documentId": 1},
        {"extensions": None},
        {"extensions": []},
        {"extensions": {"persistedQuery": None}},
        {"extensions": {"persistedQuery": {"sha256Hash": 1}}},
    ],
)
def test_what_names_no_document_is_invalid(said: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        gate.document(load(_env_file=None), said)


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        ("{", "not JSON"),
        ("[]", "neither a JSON object of hashes"),
        ("1", "neither a JSON object of hashes"),
        ({sha256(TEXT): 1}, "neither a JSON object of hashes"),
        ({"format": documents.APOLLO}, "neither a JSON object of hashes"),
        ({"format": documents.APOLLO, "operations": [{"id": "a"}]}, "neither a JSON object"),
        ({"kinds": TEXT}, "'kinds' is no hash"),
        ({sha256(OTHER): TEXT}, f"{sha256(OTHER)} is not the sha256 of its document"),
        ({sha1(OTHER): TEXT}, f"{sha1(OTHER)} is not the sha1 of its document"),
        ({sha256(TEXT): TEXT, sha256(WRONG): WRONG}, f"{sha256(WRONG)}: Cannot query field"),
        ({sha256("{"): "{"}, "Syntax Error"),
    ],
)
def test_a_bad_manifest_stops_the_process_and_says_what_is_wrong(
    tmp_path: Path, manifest: object, why: str
) -> None:
    with pytest.raises(ConfigurationError, match=r"TRUSTED_DOCUMENTS: .*documents\.json: ") as bad:
        documents.load(settings_for(tmp_path, manifest))
    assert why in str(bad.value)


def test_a_document_beyond_a_limit_stops_the_process(tmp_path: Path) -> None:
    deep = "{ clients { nodes { id } edges { node { id } } } }"
    settings = settings_for(tmp_path, {sha256(deep): deep})
    strict = settings.model_copy(update={"max_depth": 3})
    with pytest.raises(ConfigurationError, match="4 levels of fields, at most 3"):
        documents.load(strict)


def test_a_manifest_that_is_not_there_stops_the_process(tmp_path: Path) -> None:
    settings = load(_env_file=None, trusted_documents=str(tmp_path / "none.json"))
    with pytest.raises(ConfigurationError, match="No such file"):
        documents.load(settings)


def test_nothing_at_all_can_not_be_all_that_is_trusted(tmp_path: Path) -> None:
    for settings in (
        load(_env_file=None, trusted_documents_only=True),
        settings_for(tmp_path, {}, only=True),
    ):
        with pytest.raises(ConfigurationError, match="TRUSTED_DOCUMENTS_ONLY needs"):
            documents.load(settings)
