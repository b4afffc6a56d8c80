#!/bin/sh
# Debian's Caddy is older than the composition's: it calls the login by its name of before 2.8.
set -eu
if [ "${2:-}" = run ] && caddy version | grep -q '^v\{0,1\}2\.[0-7]\.'; then
    sed 's/basic_auth/basicauth/' /etc/caddy/Caddyfile > /tmp/Caddyfile
    set -- caddy run --config /tmp/Caddyfile --adapter caddyfile
fi
exec "$@"
