# syntax=docker/dockerfile:1
# The bot and its actions, with a model trained from these very sources. Build from the repository's root:
#   docker build -f deploy/docker/bot.Dockerfile -t chat-sonora/bot:0.1.0 .
# Written with care and not built where it was written: there is no container engine there.
FROM python:3.10-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN apt-get update && apt-get install --yes --no-install-recommends build-essential && rm -rf /var/lib/apt/lists/*
RUN python -m venv /opt/venv
COPY bot/requirements.txt /tmp/requirements.txt
RUN /opt/venv/bin/pip install --require-hashes -r /tmp/requirements.txt
WORKDIR /app
COPY config.yml ./
COPY bot bot
COPY backend/catalog/seed backend/catalog/seed
# The model in use: trained here, so that an image is one version of it, and rolling back is the image before.
RUN OMP_NUM_THREADS=1 /opt/venv/bin/python -m bot.train --var-dir /opt/model --exact \
  && mv /opt/model/models/*.tar.gz /opt/model/model.tar.gz

FROM python:3.10-slim-bookworm
RUN apt-get update && apt-get install --yes --no-install-recommends tini libgomp1 && rm -rf /var/lib/apt/lists/* \
  && groupadd --system --gid 10001 chat && useradd --system --uid 10001 --gid chat --home-dir /tmp chat
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
COPY --from=build /opt/model/model.tar.gz /opt/model/model.tar.gz
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PYTHONPATH=/app HOME=/tmp \
  RASA_TELEMETRY_ENABLED=false SQLALCHEMY_SILENCE_UBER_WARNING=1 TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=-1 \
  OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MPLCONFIGDIR=/tmp SANIC_HOST=0.0.0.0
USER 10001:10001
EXPOSE 5005 5055
ENTRYPOINT ["tini", "--", "python", "-m"]
# The bot; its actions are the same image with: rasa_sdk --actions bot.actions --port 5055
CMD ["bot.serve", "--interface", "0.0.0.0", "--port", "5005", "--model", "/opt/model/model.tar.gz", \
  "--endpoints", "bot/endpoints.yml", "--credentials", "bot/credentials.yml"]
