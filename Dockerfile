# One image for every part of the program: `docker run IMAGE up|worker|center|check|…`.
#
#   docker build -t sentinel-patrol .
#   docker run --rm sentinel-patrol --help
#   docker run --rm --network host -v patrol-data:/data -v ./town.yaml:/etc/patrol/town.yaml:ro \
#       sentinel-patrol up --config /etc/patrol/town.yaml --data /data

FROM python:3.12-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/patrol
# Dependencies first: they change less often than the program, and are the larger layer.
COPY pyproject.toml README.md LICENSE ./
RUN python - <<'PYTHON' > requirements.txt
import tomllib

project = tomllib.load(open("pyproject.toml", "rb"))["project"]
print("\n".join(project["dependencies"] + project["optional-dependencies"]["postgres"]))
PYTHON
RUN /opt/patrol/bin/pip install --no-cache-dir --requirement requirements.txt
COPY . .
RUN /opt/patrol/bin/pip install --no-cache-dir --no-deps .

FROM python:3.12-slim-bookworm
LABEL org.opencontainers.image.title="Sentinel Patrol" \
      org.opencontainers.image.licenses="AGPL-3.0-or-later"
RUN groupadd --gid 10001 patrol \
    && useradd --uid 10001 --gid patrol --no-create-home --home-dir /data patrol \
    && install -d -o patrol -g patrol /data /data/evidence
COPY --from=build /opt/patrol /opt/patrol
COPY docker/health.py /opt/patrol/bin/patrol-health
RUN chmod 755 /opt/patrol/bin/patrol-health
ENV PATH=/opt/patrol/bin:$PATH PYTHONUNBUFFERED=1
USER patrol
WORKDIR /data
VOLUME /data
# SIGTERM is a clean stop: it ends within seconds and leaves nothing half-written.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=4 \
    CMD ["patrol-health", "center"]
ENTRYPOINT ["patrol"]
CMD ["up", "--data", "/data"]
