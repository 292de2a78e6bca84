#!/bin/sh
# Installs the OpenID provider that the tests sign in with, from its integrity-locked list in tests/identity/provider.
# Where there is no Node.js 20 or newer, it comes in the same hash-locked Python package as for the browser assets, and
# stays beside the provider: the tests run it.
set -eu
cd "$(dirname "$0")/../tests/identity/provider"

lists="package-lock.json ../../../.lock/node.txt ../../../.lock/provider.sh"
# shellcheck disable=SC2086
sum=$(cat $lists | sha256sum)
if [ "$(cat node_modules/.installed 2>/dev/null)" = "$sum" ]; then exit 0; fi

echo "Fetching the OpenID provider of the tests …"
rm -rf .node
npm=npm
major=$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/')
if [ "${major:-0}" -lt 20 ] || ! npm --version >/dev/null 2>&1; then
    ../../../.venv/bin/python -m venv .node
    .node/bin/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r ../../../.lock/node.txt
    PATH="$PWD/.node/bin:$PATH"
    npm=.node/bin/npm
fi
"$npm" ci --ignore-scripts --no-audit --no-fund --loglevel=error
echo "$sum" >node_modules/.installed
