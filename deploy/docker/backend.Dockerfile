# syntax=docker/dockerfile:1
# The backend: web, worker, migrations, backups. Build from the repository's root:
#   docker build -f deploy/docker/backend.Dockerfile -t chat-sonora/backend:0.1.0 .
# Written with care and not built where it was written: there is no container engine there.
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
COPY requirements/backend.txt /tmp/requirements.txt
# Every package by its hash: what was reviewed is what runs.
RUN /opt/venv/bin/pip install --require-hashes --only-binary :all: -r /tmp/requirements.txt

FROM python:3.11-slim-bookworm
# pg_dump and pg_restore that speak TLS, for backups (PG_BIN); no older than the server.
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql-client tini \
  && rm -rf /var/lib/apt/lists/* \
  && groupadd --system --gid 10001 chat && useradd --system --uid 10001 --gid chat --home-dir /var/lib/chat-sonora chat \
  && install -d -o chat -g chat -m 0700 /var/lib/chat-sonora
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY alembic.ini ./
COPY channels channels
COPY backend backend
# Compiled here, as the file system is read-only where it runs.
RUN /opt/venv/bin/python -m compileall -q backend channels
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
  VAR_DIR=/var/lib/chat-sonora HOST=0.0.0.0 PORT=8000 PG_BIN=/usr/bin
USER 10001:10001
EXPOSE 8000 9464
VOLUME /var/lib/chat-sonora
ENTRYPOINT ["tini", "--", "python", "-m", "backend"]
CMD ["web"]
