# The object store of the kind cluster, from the binary that a farm on one machine uses: nothing is pulled.
FROM debian:bookworm-slim
COPY minio /usr/bin/minio
USER 65532:65532
