#!/bin/sh
# Renews the locked lists. They carry hashes and name no registry.
set -eu
cd "$(dirname "$0")/.."
compile() { .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade "$@"; }
compile pyproject.toml .lock/build.in --extra dev --output-file .lock/python-dev.txt
compile pyproject.toml .lock/build.in --constraint .lock/python-dev.txt --output-file .lock/python.txt
compile .lock/node.in --output-file .lock/node.txt
(cd .lock/browser && npm install --package-lock-only)
(cd tests/identity/provider && npm install --package-lock-only)
