# One image for every part of the program: `docker run IMAGE up|worker|center|check|…`.
#
#   docker build -t sentinel-patrol .
#   docker run --rm sentinel-patrol --help
#   docker run --rm --network host --read-only --tmpfs /tmp -v patrol-data:/data \
#       -v ./town.yaml:/etc/patrol/town.yaml:ro -e PATROL_CONFIG=/etc/patrol/town.yaml sentinel-patrol

FROM python:3.12-slim-bookworm AS build
WORKDIR /src
RUN python3 -m venv /opt/patrol
# Dependencies first: they change less often than the program, and are the larger layer.
COPY requirements requirements
# What the program may use beyond its own dependencies, as in pyproject.toml: postgres,openvino
ARG EXTRAS=postgres
RUN /opt/patrol/bin/pip install --no-cache-dir --require-hashes --only-binary :all: \
    $(printf -- '--requirement requirements/%s.lock ' program $(echo "$EXTRAS" | tr ',' ' '))
# The program is built apart, so that what builds it stays out of the image.
RUN python3 -m venv /opt/build && /opt/build/bin/pip install --no-cache-dir --require-hashes \
    --only-binary :all: --requirement requirements/build.lock
# The packages are those that pyproject.toml names: nothing else of this folder gets into the image.
COPY . .
# The commit that `patrol --version` tells: docker build --build-arg PATROL_COMMIT=$(git rev-parse HEAD)
ARG PATROL_COMMIT=
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /opt/wheel . \
    && /opt/patrol/bin/pip install --no-cache-dir --no-index --no-deps /opt/wheel/*.whl \
    && install -m 755 docker/health.py /opt/patrol/bin/patrol-health \
    && sh docker/slim.sh /opt/patrol

FROM python:3.12-slim-bookworm
LABEL org.opencontainers.image.title="Sentinel Patrol" \
      org.opencontainers.image.licenses="AGPL-3.0-or-later"
RUN groupadd --gid 10001 patrol \
    && useradd --no-log-init --uid 10001 --gid patrol --no-create-home --home-dir /data patrol \
    && install -d -o patrol -g patrol /data /data/evidence
COPY --from=build /opt/patrol /opt/patrol
# Where the data is and, if set, PATROL_CONFIG: read by the program and by its health check alike.
ENV PATH=/opt/patrol/bin:$PATH PYTHONUNBUFFERED=1 PATROL_DATA=/data
USER patrol
WORKDIR /data
VOLUME /data
# SIGTERM is a clean stop: it ends within seconds and leaves nothing half-written.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=4 \
    CMD ["patrol-health", "up"]
ENTRYPOINT ["patrol"]
CMD ["up"]
