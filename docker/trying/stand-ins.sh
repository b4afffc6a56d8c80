#!/usr/bin/env bash
# Images that stand in for those of a registry, made of Debian's packages. Called by
# scripts/try-containers, whose store they go into: they bear the real ones' names.
# usage: stand-ins.sh FOLDER base IMAGE | bus IMAGE | database IMAGE | proxy IMAGE
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
folder="$1" part="$2" image="$3"
packages=localhost/sentinel-patrol-packages

# import SUITE PACKAGES NAME: a small Debian with these packages, as an image.
import() {
    local root="$folder/$1"
    rm -rf "$root"
    mkdir -p "$root"
    local -a mirror=()
    if [ -n "${DEBIAN_MIRROR:-}" ]; then mirror=("$DEBIAN_MIRROR"); fi
    if ! debootstrap --variant=minbase --include="$2" "$1" "$root" "${mirror[@]}" \
        > "$root.log" 2>&1; then
        tail -n 5 "$root.log" >&2
        echo "no Debian $1: $root.log; \$DEBIAN_MIRROR names another mirror" >&2
        exit 1
    fi
    rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale}/*
    tar -C "$root" -c . | podman import --quiet - "$3" > /dev/null
    rm -rf "$root"
}

if [ "$part" = base ]; then
    import bookworm python3,python3-venv,ca-certificates "$image"
    exit
fi
# Debian 13 has the same Valkey and PostgreSQL as docker-compose.yml, and an older Caddy.
podman image exists "$packages" \
    || import trixie valkey-server,valkey-tools,postgresql-17,caddy,wget "$packages"
buildah bud --quiet --isolation chroot --pull-never --format docker \
    --target "$part" --tag "$image" "$here" > /dev/null
