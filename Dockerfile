# syntax=docker/dockerfile:1

FROM python:3.13-slim AS builder
COPY --from=ghcr.io/astral-sh/uv:0.13.8 /uv /usr/local/bin/uv
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /src
# The lock is a constraint: of its versions only the needed ones come, each checked by its hash.
# Dependencies are a layer of their own, which a change of the code leaves in the cache.
COPY requirements.lock pyproject.toml ./
RUN --mount=type=cache,target=/root/.cache/uv \
    uv venv /opt/belfry \
    && uv pip install --python /opt/belfry --only-binary :all: \
        --constraint requirements.lock --requirement pyproject.toml --extra tracing
COPY . .
RUN --mount=type=cache,target=/root/.cache/uv \
    uv build --wheel --build-constraint requirements.lock --require-hashes \
    && uv pip install --python /opt/belfry --no-deps dist/*.whl

FROM builder AS emulator-builder
RUN --mount=type=cache,target=/root/.cache/uv \
    uv pip install --python /opt/belfry --only-binary :all: \
        --constraint requirements.lock --requirement pyproject.toml --extra emulator

FROM python:3.13-slim AS base
LABEL org.opencontainers.image.title="Belfry" \
      org.opencontainers.image.description="A self-hosted notification service with one GraphQL API" \
      org.opencontainers.image.licenses="MIT"
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin belfry
ENV PATH=/opt/belfry/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /app
USER 10001:10001
STOPSIGNAL SIGTERM
ENTRYPOINT ["belfry"]

FROM base AS emulator
COPY --from=emulator-builder /opt/belfry /opt/belfry
EXPOSE 8001
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["python", "-c", \
    "import urllib.request as web; web.urlopen('http://127.0.0.1:8001/', timeout=4)"]
CMD ["outside", "--host", "0.0.0.0", "--port", "8001"]

# The last stage is what `docker build .` makes.
FROM base AS belfry
COPY --from=builder /opt/belfry /opt/belfry
ENV HOST=0.0.0.0 PORT=8000
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["python", "-c", \
    "import os, urllib.request as web; web.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health/live', timeout=4)"]
CMD ["serve"]
