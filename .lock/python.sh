#!/bin/sh
# Makes the virtual environment .venv from a hash-locked list: .lock/python.txt, or with "tests" .lock/python-dev.txt.
# The name of the list that was installed last is kept as a checksum; nothing is done while it still fits.
set -eu
cd "$(dirname "$0")/.."

list=.lock/python.txt
[ "${1:-}" != tests ] || list=.lock/python-dev.txt
stamp=.venv/installed-$(basename "$list")
sum=$(cat "$list" pyproject.toml | sha256sum)
if [ -x .venv/bin/geo-service ] && [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ]; then exit 0; fi

if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    python=$(.lock/system.sh python)
    if [ -z "$python" ]; then
        echo "geo_service needs Python 3.11 to 3.14 with its venv module." >&2
        exit 1
    fi
    rm -rf .venv
    "$python" -m venv .venv
fi
echo "Installing Python packages from $list …"
.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r "$list"
# hatchling comes from the locked list, so nothing unlocked is fetched for the build.
.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
echo "$sum" >"$stamp"
