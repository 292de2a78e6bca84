#!/bin/sh
# Copies the browser assets (Leaflet, drawing) from the integrity-locked list .lock/browser to the static files.
# Where there is no npm, it comes in a hash-locked Python package: the distribution's npm pulls 335 others.
set -eu
cd "$(dirname "$0")/.."

vendor=geo_service/web/static/vendor
sum=$(cat .lock/browser/package-lock.json .lock/browser.sh | sha256sum)
if [ "$(cat "$vendor/.installed" 2>/dev/null)" = "$sum" ]; then exit 0; fi

echo "Fetching browser assets …"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp .lock/browser/package.json .lock/browser/package-lock.json .lock/browser/.npmrc "$work"
npm=npm
if ! npm --version >/dev/null 2>&1; then
    python3=.venv/bin/python
    "$python3" -m venv "$work/node"
    "$work/node/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r .lock/node.txt
    PATH="$work/node/bin:$PATH"
    npm=$work/node/bin/npm
fi
(cd "$work" && "$npm" ci --ignore-scripts --no-audit --no-fund --loglevel=error)

rm -rf "$vendor"
mkdir -p "$vendor/leaflet" "$vendor/leaflet-geoman"
(cd "$work/node_modules/leaflet" && cp -R LICENSE dist/leaflet.js dist/leaflet.css dist/images "$OLDPWD/$vendor/leaflet")
(cd "$work/node_modules/@geoman-io/leaflet-geoman-free" &&
    cp LICENSE dist/leaflet-geoman.min.js dist/leaflet-geoman.css "$OLDPWD/$vendor/leaflet-geoman")
echo "$sum" >"$vendor/.installed"
