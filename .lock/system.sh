#!/bin/sh
# Installs what apt has to bring: Python with venv, PostgreSQL with PostGIS and pgRouting, Pango with a font for the PDFs;
# with "tests" Chromium too, with "qgis" QGIS.
# Says with "python" which interpreter will be used. Does nothing where all of it is there. As root or with sudo; otherwise prints the line to run and ends with 1.
set -eu

python() {
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null &&
            "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
}

has_postgis() {
    for folder in /usr/lib/postgresql/*/bin; do
        major=$(basename "$(dirname "$folder")")
        extensions=/usr/share/postgresql/$major/extension
        if [ -x "$folder/initdb" ] && [ "$major" -ge 14 ] &&
            [ -e "$extensions/postgis.control" ] && [ -e "$extensions/pgrouting.control" ]; then
            return 0
        fi
    done
    return 1
}

# Whether one of these files is there; what matches nothing stays as it was written.
any_of() {
    for path in "$@"; do if [ -e "$path" ]; then return 0; fi; done
    return 1
}

has_library() { any_of /usr/lib/"$1" /usr/lib/*/"$1" /usr/lib64/"$1" /usr/local/lib/"$1"; }

has_font() { any_of /usr/share/fonts/truetype/liberation*/*Sans-Regular.ttf /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf; }

has_browser() { command -v chromium >/dev/null || command -v chromium-browser >/dev/null; }

has_qgis() { /usr/bin/python3 -c 'import qgis.core' 2>/dev/null; }

# Number of the distribution's PostgreSQL: "15" of the candidate "15+248+deb12u2".
postgresql_major() { LC_ALL=C apt-cache policy postgresql | sed -n 's/^  Candidate: \([0-9]*\).*/\1/p'; }

wanted() {
    found=$(python)
    if [ -z "$found" ]; then
        if LC_ALL=C apt-cache policy python3.11 | grep -q 'Candidate: 3'; then echo python3.11 python3.11-venv; else echo python3 python3-venv; fi
    elif ! "$found" -c 'import ensurepip, venv' 2>/dev/null; then
        echo "$(basename "$(readlink -f "$(command -v "$found")")")-venv"
    fi
    if ! has_postgis; then
        major=$(postgresql_major)
        echo "postgresql-${major:-15}" "postgresql-${major:-15}-postgis-3" "postgresql-${major:-15}-pgrouting"
    fi
    if ! has_library libpango-1.0.so.0; then echo libpango-1.0-0; fi
    if ! has_library libpangoft2-1.0.so.0; then echo libpangoft2-1.0-0; fi
    if ! has_library libharfbuzz-subset.so.0; then echo libharfbuzz-subset0; fi
    if ! has_font; then echo fonts-liberation; fi
    if [ "${1:-}" = tests ] && ! has_browser; then echo chromium; fi
    if [ "${1:-}" = qgis ] && ! has_qgis; then echo python3-qgis; fi
}

if [ "${1:-}" = python ]; then
    python
    exit 0
fi
if [ -z "$(wanted "$@")" ]; then exit 0; fi

if ! command -v apt-get >/dev/null; then
    echo "geo_service needs Debian's or Ubuntu's apt to install: $(wanted "$@" | tr '\n' ' ')" >&2
    exit 1
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        as_root=sudo
    else
        echo "System packages are missing. Run this as root, then repeat the command:" >&2
        echo "  apt-get update && apt-get install -y --no-install-recommends $(wanted "$@" | tr '\n' ' ')" >&2
        exit 1
    fi
fi
$as_root apt-get update -q
# Only after the update is it known what the distribution offers.
# shellcheck disable=SC2046
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $(wanted "$@")
