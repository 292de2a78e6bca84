#!/bin/sh
# What `make run` does once everything is installed: streets of $ROADS, then the server, which fills the demo towns.
set -eu
cd "$(dirname "$0")/.."
service=.venv/bin/geo-service
export GEO_SERVICE_DEMO="${GEO_SERVICE_DEMO:-true}"

checksum_of() {
    case $1 in
    http://* | https://*) echo "$1" ;;
    *) sha256sum <"$1" ;;
    esac
}

import_roads() {
    case $1 in
    http://* | https://*) ;;
    *)
        if [ ! -f "$1" ]; then
            echo "make run: there is no file $1" >&2
            exit 1
        fi
        ;;
    esac
    # A note in the home, so that it goes when the home goes; a foreign database has none and is always updated.
    note=$(.venv/bin/python -c '
from geo_service.db.home import choose_home
from geo_service.settings import Settings
settings = Settings()
print("" if settings.database_url else choose_home(settings) / "roads-imported")')
    sum=$(checksum_of "$1")
    if [ -n "$note" ] && [ "$(cat "$note" 2>/dev/null)" = "$sum" ]; then return; fi
    $service import roads "$1"
    if [ -n "$note" ]; then echo "$sum" >"$note"; fi
}

if [ -n "${ROADS:-}" ]; then import_roads "$ROADS"; fi
exec $service serve
