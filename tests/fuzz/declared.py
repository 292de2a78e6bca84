"""Requests made up from an OpenAPI document, as its schemas allow and as they do not, and what must hold of answers."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import requests
import schemathesis
from httpx import Response
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

# As declared: the status, the media type, the headers and the body of every answer.
AS_DECLARED = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SLOWEST_S = 10.0  # the timeout of a statement: whatever is asked, the answer is there by then


@dataclass
class Fuzzer:
    """headers: of every request. known: names of path parameters and something that is there, by path."""

    client: TestClient
    document: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    examples: int = 3
    derandomize: bool = True
    asked: int = 0

    def operations(self) -> Iterator[APIOperation[Any, Any, Any]]:
        """Every operation of the document."""
        for result in schemathesis.openapi.from_dict(self.document).get_all_operations():
            yield result.ok()

    def faults(self) -> list[str]:
        """What is wrong, by operation; empty when nothing is."""
        found = []
        for operation in self.operations():
            for mode in GenerationMode:
                pinned = self.known.get(operation.path)
                for values in (None,) if pinned is None else (pinned, None):
                    try:
                        self._try(operation, mode, values)
                    except (Exception, FailureGroup) as error:
                        found.append(f"{operation.label} [{mode.value}]: {told(error)[:1500]}")
        return found

    def _try(
        self, operation: APIOperation[Any, Any, Any], mode: GenerationMode, pinned: Mapping[str, str] | None
    ) -> None:
        @settings(
            max_examples=self.examples, derandomize=self.derandomize, database=None, deadline=None,
            suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate],
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=mode))
        def answered(case: Case) -> None:
            if pinned is not None:
                case.path_parameters = {**(case.path_parameters or {}), **pinned}
            began = time.monotonic()
            answer = self.send(case)
            self.asked += 1
            assert time.monotonic() - began < SLOWEST_S, "too slow"
            require_words(answer)
            case.validate_response(answer, checks=AS_DECLARED)

        answered()

    def send(self, case: Case) -> Response:
        """Send one case, its query as it is spelled."""
        sent = case.as_transport_kwargs()
        params = sent.pop("params", None)
        query = params if isinstance(params, str) else urlencode(params or {}, doseq=True)
        url = sent.pop("url") + (f"?{query}" if query else "")
        assume(len(url) < 60_000)  # httpx sends no longer ones; tests/clients/test_long_requests.py does
        # The body as requests puts it on the wire, for which schemathesis has made it up.
        parts = {name: sent[name] for name in ("json", "data", "files") if name in sent}
        wire = requests.Request(sent["method"], "http://wire", headers=sent["headers"], **parts).prepare()
        headers = {name: value for name, value in wire.headers.items() if name != "Content-Length"}
        answer: Response = self.client.request(
            sent["method"],
            url,
            headers=[
                (as_bytes(name), as_bytes(value)) for name, value in {**headers, **self.headers}.items()
            ],
            content=wire.body,
        )
        return answer


def as_bytes(value: str | bytes) -> bytes:
    """A name or value of a header."""
    return value if isinstance(value, bytes) else value.encode("latin-1")


def require_words(answer: Response) -> None:
    """Never a 500; every refusal is a problem with words."""
    assert answer.status_code < 500, f"{answer.status_code} {answer.request.method} {answer.request.url}"
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", answer.request.url
        problem = json.loads(answer.content)
        assert problem["status"] == answer.status_code
        assert problem["title"] and problem["detail"]


def told(error: BaseException) -> str:
    """An error and those inside it, in words."""
    inside = getattr(error, "exceptions", ())
    return " | ".join([str(error).strip(), *(told(one) for one in inside)])
