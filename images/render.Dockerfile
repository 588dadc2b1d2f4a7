# Ray nodes that render: head, director, performers; no torch.
#     docker build --file images/render.Dockerfile --tag understudy/render:0.2.0 .
# For nodes with a GPU, CUDA's libraries too: --build-arg ONNXRUNTIME=cuda --tag understudy/render:0.2.0-cuda
# For nodes without one, a third less to pull: --build-arg ONNXRUNTIME=cpu --tag understudy/render:0.2.0-cpu

FROM debian:bookworm-slim AS dependencies
RUN apt-get update \
 && apt-get install --yes --no-install-recommends binutils python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*
ARG UV_VERSION=0.13.8
RUN python3 -m venv /opt/uv && /opt/uv/bin/pip install --quiet --no-cache-dir uv==$UV_VERSION
ENV PATH=/opt/uv/bin:$PATH UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never
WORKDIR /build
ARG CYCLONEDX_VERSION=7.5.0
COPY pyproject.toml uv.lock images/environment ./
ARG ONNXRUNTIME=gpu
RUN case "$ONNXRUNTIME" in \
      gpu) set -- ;; \
      cuda) set -- --extra cuda ;; \
      cpu) set -- --group cpu --prune onnxruntime-gpu ;; \
      *) echo "ONNXRUNTIME: wanted gpu, cuda or cpu, got $ONNXRUNTIME" >&2; exit 1 ;; \
    esac \
 && ./environment --extra render --extra vault --extra tracing "$@"

FROM dependencies AS release
COPY . .
RUN ./images/release

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3 \
 && rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/lib/dpkg/*-old /usr/lib/python3.11/pydoc_data \
 && echo 'PATH=/opt/understudy/bin:$PATH' >/etc/profile.d/understudy.sh \
 && useradd --no-log-init --uid 65532 --user-group --no-create-home --home-dir /tmp --shell /usr/sbin/nologin understudy
COPY --from=dependencies /opt/understudy /opt/understudy
COPY --from=release /opt/release /opt/understudy
# Nothing is written outside /tmp: mount one there and the root file system can be read-only.
ENV PATH=/opt/understudy/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 NUMBA_CACHE_DIR=/tmp/numba \
    RAY_AUTH_MODE=token RAY_USAGE_STATS_ENABLED=0
USER 65532:65532
WORKDIR /tmp
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Understudy render" \
      org.opencontainers.image.description="Ray head and performers of Understudy, a render farm for licensed digital twins" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version=$VERSION \
      org.opencontainers.image.revision=$REVISION \
      org.opencontainers.image.base.name="debian:bookworm-slim"
CMD ["ray", "start", "--head", "--block"]
