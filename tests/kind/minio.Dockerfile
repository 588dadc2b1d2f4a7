# The object store of the kind tests, from the binary that `understudy tools minio` builds: nothing is pulled.
FROM debian:bookworm-slim
COPY minio /usr/bin/minio
USER 65532:65532
