#!/bin/sh
# What `make run` does once everything is installed: demo towns, streets of $ROADS, then the server.
set -eu
cd "$(dirname "$0")/.."
service=.venv/bin/geo-service
export GEO_SERVICE_DEMO="${GEO_SERVICE_DEMO:-true}"

if [ -n "${ROADS:-}" ] && [ ! -e "$ROADS" ]; then
    case $ROADS in
    http://* | https://*) ;;
    *)
        echo "make run: there is no file $ROADS" >&2
        exit 1
        ;;
    esac
fi
if $service demo --help >/dev/null 2>&1; then $service demo; else $service migrate; fi
if [ -n "${ROADS:-}" ]; then $service import roads "$ROADS"; fi
exec $service serve
