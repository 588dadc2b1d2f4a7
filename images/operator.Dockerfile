# The operator, the vault and the `understudy` command: no torch, no Ray.
#     docker build --file images/operator.Dockerfile --tag understudy/operator:0.2.0 .

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
RUN ./environment --extra operator --extra vault --extra local --extra tracing

FROM dependencies AS release
COPY . .
# The operator reads the sources of the pool's code, for the digest of a release, and runs none of it.
RUN ./images/release \
 && cd /opt/release/lib/python3.11/site-packages/understudy_workers \
 && rm models/phones.onnx && find . -name __pycache__ -exec rm -r {} +

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3 \
 && rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/lib/dpkg/*-old /usr/lib/python3.11/pydoc_data \
 && useradd --no-log-init --uid 65532 --user-group --no-create-home --home-dir /tmp --shell /usr/sbin/nologin understudy
COPY --from=dependencies /opt/understudy /opt/understudy
COPY --from=release /opt/release /opt/understudy
# Nothing is written outside /tmp: mount one there and the root file system can be read-only.
ENV PATH=/opt/understudy/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
WORKDIR /tmp
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Understudy operator" \
      org.opencontainers.image.description="Operator, vault and command line of Understudy, a render farm for licensed digital twins" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version=$VERSION \
      org.opencontainers.image.revision=$REVISION \
      org.opencontainers.image.base.name="debian:bookworm-slim"
CMD ["python", "-m", "understudy_operator"]
