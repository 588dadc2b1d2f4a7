# A Redis of the kind tests, in which Ray's head keeps its state: Debian's own.
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends redis-server \
 && rm -rf /var/lib/apt/lists/*
USER 65532:65532
WORKDIR /tmp
CMD ["sh", "-c", "exec redis-server --save '' --appendonly no --requirepass \"$REDIS_PASSWORD\""]
