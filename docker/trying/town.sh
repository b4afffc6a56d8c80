# The second half of scripts/try-containers, which sources it: the image alone, then a town of it.
# shellcheck shell=bash disable=SC2154

project=sentinel-patrol-try
# Where no systemd runs podman complains that it cannot time health checks; they are asked here.
quietly() { "$@" > /dev/null 2>> "$work/podman.log" || fail "$*: $work/podman.log"; }
services=(bus database cameras center edge-1 edge-2 proxy)

# healthy NAME…: wait until the health check of each container has said yes; what each said.
healthy() {
    local began=$SECONDS name
    local -a waiting=("$@") left
    while [ "${#waiting[@]}" -gt 0 ]; do
        left=()
        for name in "${waiting[@]}"; do
            if podman healthcheck run "$name" > /dev/null 2>&1; then
                say "    healthy after $((SECONDS - began)) s: ${name#"$project"_}"
            else
                left+=("$name")
            fi
        done
        waiting=("${left[@]}")
        if [ "${#waiting[@]}" -gt 0 ] && [ $((SECONDS - began)) -gt "$seconds" ]; then
            for name in "${waiting[@]}"; do
                podman inspect --format '{{json .State.Health.Log}}' "$name" >&2
                podman logs --tail 20 "$name" >&2
            done
            fail "not healthy within $seconds s: ${waiting[*]}"
        fi
        sleep 1
    done
}

# stopped NAME…: SIGTERM ends each within the grace period, with exit code 0.
stopped() {
    local name code began took_ms
    for name in "$@"; do
        began=$(date +%s%N)
        quietly podman stop --time 20 "$name"
        code=$(podman inspect --format '{{.State.ExitCode}}' "$name")
        took_ms=$((($(date +%s%N) - began) / 1000000))
        say "    stopped in $took_ms ms, exit code $code: ${name#"$project"_}"
        if [ "$code" -ne 0 ]; then
            podman logs --tail 20 "$name" >&2
            fail "$name ended with exit code $code"
        fi
    done
}

town_file() { # town_file SITE=WORKER=CAMERA…: a town of such sites, each with one camera
    local told site rest
    cat << END
town: {name: {zh: 试运行镇, en: Trial town}}
bus: {url: "\${PATROL_BUS_URL}"}
database: {url: "\${PATROL_DATABASE_URL:-}"}
detector: {threads: 1}
workers: {edge-1: {}, edge-2: {}}
defaults: {look_every_s: 1.0, rules: {fire: {close_after_s: 10, cool_down_s: 600}}}
sites:
  - {id: s-east, name: {zh: 东, en: East}, address: {zh: 东路1号, en: 1 East Road}, lon: 103.88, lat: 30.50}
  - {id: s-west, name: {zh: 西, en: West}, address: {zh: 西路1号, en: 1 West Road}, lon: 103.90, lat: 30.51}
cameras:
END
    for told in "$@"; do
        site="${told%%=*}" rest="${told#*=}"
        cat << END
  - id: $site
    name: {zh: $site, en: $site}
    site_id: s-$site
    worker: ${rest%=*}
    url: rtsp://\${HS_CAMERA_USER}:\${HS_CAMERA_PASSWORD}@cameras:8554/${rest#*=}
END
    done
}

clean_up() {
    podman rm --force --volumes "$project"_alone > /dev/null 2>&1 || true
    if [ "$keep" = no ] && [ -f "$work/env" ]; then
        town down --volumes > /dev/null 2>&1 || true
    fi
}
town() {
    "$compose" --project-name "$project" --env-file "$work/env" \
        --file docker-compose.yml --file docker/trying/compose.yml "$@"
}
trap clean_up EXIT

# -- the image as it is: `up`, on a root that cannot be written -------------------------------------
say "one box: the image's own command, on a read-only root …"
alone="$project"_alone
podman rm --force --volumes "$alone" > /dev/null 2>&1 || true
quietly podman run --detach --name "$alone" --read-only --tmpfs /tmp --cap-drop ALL \
    --security-opt no-new-privileges sentinel-patrol:latest
healthy "$alone"
inside() { podman exec "$alone" "$@"; }
for role in center worker up; do
    said="$(inside patrol-health "$role")" || fail "patrol-health $role: $said"
    say "    patrol-health $role: $said"
done
[ "$(inside id -u)" != 0 ] || fail "expected a user without rights, got root"
if inside touch /opt/patrol/x 2> /dev/null; then fail "the program's own files can be written"; fi
stopped "$alone"
quietly podman rm --volumes "$alone"

# -- the town --------------------------------------------------------------------------------------
if [ ! -f "$work/media/fire.mp4" ]; then
    scripts/setup
    if [ ! -f .demo/media/fire.mp4 ]; then
        .venv/bin/python -m lab.footage.demo --target .demo/media --cache .demo/cache
    fi
    cp .demo/media/fire.mp4 "$work/media/"
fi
town_file east=edge-1=cam0 west=edge-2=cam1 > "$work/town.yaml"
word() { od -An -N12 -tx1 /dev/urandom | tr -d ' \n'; }
login="$(word)"
caddy="$(full "$(service_image proxy)")"
hash="$(echo "$login" | podman run --rm --interactive "$caddy" caddy hash-password \
    2>> "$work/podman.log")"
(
    umask 077
    cat > "$work/env" << END
BUS_PASSWORD=$(word)
DATABASE_PASSWORD=$(word)
HS_CAMERA_USER=patrol
HS_CAMERA_PASSWORD=$(word)
PATROL_LOGIN_USER=desk
PATROL_LOGIN_HASH='$hash'
PATROL_SITE=localhost
PATROL_HTTPS_PORT=$port
PATROL_TOWN=$work/town.yaml
TRY_DIR=$work
END
)
containers=("${services[@]/#/${project}_}")
containers=("${containers[@]/%/_1}")
begin() {
    if ! town up --detach > "$work/up.log" 2>&1; then
        tail -n 20 "$work/up.log" >&2
        fail "the town was not started: $work/up.log"
    fi
    healthy "${containers[@]}"
}
cases() {
    podman exec --interactive "$project"_center_1 python - "$seconds" east west \
        < docker/trying/see_cases.py
}

say "a town: $(service_image bus), $(service_image database), $(service_image proxy), center," \
    "two workers, two cameras …"
town down --volumes > /dev/null 2>&1 || true
begin
say "cases, each with its evidence:"
cases || fail "no case of each worker"
# Commands inside find file, bus and database without being told.
within() { # within SERVICE COMMAND…
    podman exec "${project}_$1_1" "${@:2}" > "$work/said.log" 2>&1 \
        || { cat "$work/said.log" >&2; fail "$*"; }
}
within center patrol bus dead list
within edge-1 patrol models list
within edge-2 patrol check /etc/patrol/town.yaml
answer() {
    curl --silent --insecure --noproxy '*' --output /dev/null --write-out '%{http_code}' "$@" \
        "https://localhost:$port/desk"
}
without="$(answer || true)" within="$(answer --user "desk:$login" || true)"
[ "$without/$within" = 401/200 ] \
    || fail "expected 401 without a login and 200 with it, got $without and $within"
say "    the desk answers behind TLS and the login, and nobody else"

if [ "$keep" = yes ]; then
    say "kept: https://localhost:$port (desk, $login)"
    say "a further run without --keep ends it"
    exit
fi
say "stopping, in the middle of its work:"
stopped "${containers[@]}"
unfinished="$(podman run --rm --volume "$project"_evidence:/evidence:ro --entrypoint find \
    sentinel-patrol:latest /evidence/tmp -type f 2>> "$work/podman.log")"
[ -z "$unfinished" ] || fail "half-written evidence was left: $unfinished"
say "    nothing half-written"
say "starting it again:"
for name in "${containers[@]}"; do quietly podman start "$name"; done
healthy "${containers[@]}"
cases || fail "cases or evidence are gone"
say "all well"
