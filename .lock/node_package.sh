#!/bin/sh
# Installs what a folder of the tests takes from npm (its OpenID provider, its map client), from the integrity-locked list
# in that folder: node_package.sh FOLDER WORDS.
# Where there is no Node.js 20 or newer, it comes in the same hash-locked Python package as for the browser assets, and
# stays beside the package: the tests run it.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
words=$2
cd "$1"

sum=$(cat package-lock.json "$root/.lock/node.txt" "$root/.lock/node_package.sh" | sha256sum)
if [ "$(cat node_modules/.installed 2>/dev/null)" = "$sum" ]; then exit 0; fi

echo "Fetching $words of the tests …"
rm -rf .node
npm=npm
major=$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/')
if [ "${major:-0}" -lt 20 ] || ! npm --version >/dev/null 2>&1; then
    "$root/.venv/bin/python" -m venv .node
    .node/bin/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r "$root/.lock/node.txt"
    PATH="$PWD/.node/bin:$PATH"
    npm=.node/bin/npm
fi
"$npm" ci --ignore-scripts --no-audit --no-fund --loglevel=error
echo "$sum" >node_modules/.installed
