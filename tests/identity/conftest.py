"""A real OpenID provider (certified, from npm) and a person who signs in there through its own pages."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from starlette.testclient import TestClient

FOLDER = Path(__file__).parent / "provider"
HERE = "http://127.0.0.1:8123"  # where the service seems to be; nothing listens there
CALLBACK = f"{HERE}/sign-in/callback"
PEOPLE: dict[str, dict[str, Any]] = {
    "amt": {"name": "Frau Amt", "groups": ["06431002:clerk", "staff"]},
    "leitung": {"name": "Herr Leitung", "groups": ["/06431002/clerk", "/06431002/supervisor"]},
    "verwaltung": {"name": "Frau Verwaltung", "realm_access": {"roles": ["06431002:admin"]}},
    "nebenan": {"name": "Herr Nebenan", "groups": ["06431020:clerk"]},
    "fremd": {"name": "Wer Anders", "groups": ["06431002:mayor", "06431002:operator", "clerk"]},
}


@dataclass
class RunningProvider:
    """The provider's process, and how it is asked to change."""

    process: subprocess.Popen[str]
    issuer: str

    def say(self, words: str) -> None:
        """`rotate` its keys, or `claims id_token|userinfo`."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()
        heard = next(
            line for line in self.process.stdout if not line.startswith("oidc-provider")
        )  # its advice
        assert heard == "done\n"

    def settings(self) -> dict[str, str]:
        """The service's settings as its client."""
        return {
            "oidc_issuer": self.issuer,
            "oidc_client_id": "geo-service",
            "oidc_client_secret": "a secret with:colon & percent %",
        }


@pytest.fixture(scope="session")
def provider() -> Iterator[RunningProvider]:
    """One provider for the session, on a free port."""
    own = FOLDER / ".node" / "bin" / "node"
    node = str(own) if own.exists() else shutil.which("node")
    assert node and (FOLDER / "node_modules").is_dir(), "run `make setup-tests` (.lock/provider.sh) first"
    stated = {"redirect": CALLBACK, "signed_out": f"{HERE}/", "people": PEOPLE}
    process = subprocess.Popen(
        [node, "provider.mjs", json.dumps(stated)], cwd=FOLDER, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout and process.stdin
    issuer = process.stdout.readline().strip()
    assert issuer.startswith("http://127.0.0.1:"), f"ended with {process.wait(10)}"
    yield RunningProvider(process, issuer)
    process.stdin.close()
    process.wait(10)


def go_through(browser: httpx.Client, address: str, login: str) -> str:
    """Follow `address` through the provider's pages as `login`; where it sends the browser afterwards."""
    answer = browser.get(address)
    for _ in range(15):
        if answer.is_redirect:
            target = urljoin(str(answer.url), answer.headers["location"])
            if target.startswith(HERE):
                return target
            answer = browser.get(target)
            continue
        assert answer.status_code == 200, answer.text
        action = re.search(r'<form[^>]* action="([^"]+)"', answer.text)
        assert action, answer.text
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', answer.text))
        fields = {**hidden, "login": login, "password": "any"}
        answer = browser.post(urljoin(str(answer.url), unescape(action[1])), data=fields)
    raise AssertionError("the provider does not come to an end")


def begin_at(service: TestClient, town: str = "06431002", next: str = "/who") -> str:
    """Press the button of the sign-in page; the provider's address that it leads to."""
    answer = service.post("/sign-in/provider", data={"town": town, "next": next}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def sign_in_as(service: TestClient, login: str, town: str = "06431002") -> httpx.Response:
    """The whole way of a person with a fresh browser; the answer of the callback."""
    with httpx.Client(timeout=20) as browser:
        back = go_through(browser, begin_at(service, town), login)
    return service.get(back, follow_redirects=False)
