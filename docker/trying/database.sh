#!/bin/sh
# As the image postgres does: make the database when there is none yet, then serve it as its user.
set -eu
install -d -o postgres -g postgres -m 700 "$PGDATA" /run/postgresql
as_user() { setpriv --reuid postgres --regid postgres --clear-groups "$@"; }
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    install -o postgres -m 600 /dev/null /tmp/password
    printf %s "$POSTGRES_PASSWORD" > /tmp/password
    as_user initdb --encoding UTF8 --locale C.UTF-8 --auth-host scram-sha-256 \
        --username "$POSTGRES_USER" --pwfile /tmp/password
    rm /tmp/password
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    as_user pg_ctl --wait --options "-c listen_addresses=" start
    as_user createdb --username "$POSTGRES_USER" "$POSTGRES_DB" || true
    as_user pg_ctl --wait stop
fi
exec setpriv --reuid postgres --regid postgres --clear-groups "$@" -c listen_addresses='*'
