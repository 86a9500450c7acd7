"""Trusted documents: those of a manifest, which clients name by their hash.

Read are the map of hashes to texts that GraphQL Code Generator and Relay write, and Apollo's
manifest. Requests name a document by `documentId` (GraphQL over HTTP, appendix on persisted
documents) or as Apollo's clients do, by `extensions.persistedQuery.sha256Hash`.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from core.errors import ConfigurationError, NoDocuments, NotTrusted, UnknownDocument
from core.settings import Settings
from graph import incoming, preparation
from graph.prepared import Refused
from graph.schema import schema

PREFIX = "sha256:"
APOLLO = "apollo-persisted-query-manifest"
_HASHES = {32: "md5", 40: "sha1", 64: "sha256"}
"""By the number of hexadecimal digits: Relay's default, Code Generator's, everybody else's."""


@dataclass(frozen=True, slots=True)
class Trusted:
    """The documents of a manifest."""

    by_hash: Mapping[str, str] = field(default_factory=dict)
    texts: frozenset[str] = frozenset()


def load(settings: Settings) -> int:
    """Read and check the manifest of the settings, if there is one; how many documents it has.

    Raises ConfigurationError that names what is wrong with it.
    """
    trusted = _read(settings.trusted_documents)
    if settings.trusted_documents_only and not trusted.texts:
        raise ConfigurationError("TRUSTED_DOCUMENTS_ONLY needs TRUSTED_DOCUMENTS with a document")
    for name, text in trusted.by_hash.items():
        try:
            preparation.keep(schema._schema, text, settings)  # noqa: SLF001 - as Strawberry does
        except Refused as refused:
            said = "; ".join(error.message for error in refused.errors)
            raise _bad(settings.trusted_documents, f"the document {name}: {said}") from None
    return len(trusted.by_hash)


def by_hash(settings: Settings, name: str) -> str:
    """The trusted document of this hash; raises UnknownDocument, or NoDocuments without a manifest."""
    trusted = _read(settings.trusted_documents)
    if not trusted.texts:
        raise NoDocuments
    try:
        return trusted.by_hash[name.removeprefix(PREFIX).lower()]
    except KeyError:
        raise UnknownDocument from None


def check(settings: Settings, text: str) -> None:
    """Raise NotTrusted if only trusted documents are executed, and this is none."""
    if settings.trusted_documents_only and text not in _read(settings.trusted_documents).texts:
        raise NotTrusted


@cache
def _read(path: str) -> Trusted:
    if not path:
        return Trusted()
    try:
        said = incoming.read(Path(path).read_bytes())
    except OSError as error:
        raise _bad(path, error.strerror or str(error)) from None
    except ValueError as error:
        raise _bad(path, str(error)) from None
    found = {_hash(path, name, text): text for name, text in _entries(path, said)}
    return Trusted(found, frozenset(found.values()))


def _entries(path: str, said: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any JSON
    """Hashes and texts, whichever tool wrote them."""
    try:
        if said.get("format") == APOLLO:
            entries = [(it["id"], it["body"]) for it in said["operations"]]
        else:
            entries = list(said.items())
    except (AttributeError, KeyError, TypeError):
        entries = [(None, None)]
    for name, text in entries:
        if not isinstance(name, str) or not isinstance(text, str):
            raise _bad(path, "neither a JSON object of hashes and documents, nor Apollo's manifest")
    return entries


def _hash(path: str, name: str, text: str) -> str:
    """The hash in lower case, once the text bears it out."""
    given = name.removeprefix(PREFIX).lower()
    algorithm = _HASHES.get(len(given))
    if algorithm is None:
        raise _bad(path, f"{name!r} is no hash: give 64 hexadecimal digits of SHA-256")
    # Not against forgery: whoever writes the manifest decides what is trusted.
    if hashlib.new(algorithm, text.encode(), usedforsecurity=False).hexdigest() != given:
        raise _bad(path, f"{name} is not the {algorithm} of its document")
    return given


def _bad(path: str, why: str) -> ConfigurationError:
    return ConfigurationError(f"TRUSTED_DOCUMENTS: {path}: {why}")
