"""The control plane: observes Kubernetes objects and the pool, decides purely, applies idempotently."""
