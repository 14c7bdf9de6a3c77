# The code location: for an agent of Dagster+, or beside a webserver and a daemon of one's own.
#
# To pin the base by its bytes, give the digest that your registry shows for the tag:
#   docker build --build-arg PYTHON=3.11.13-slim-bookworm@sha256:<digest> .
ARG PYTHON=3.11.13-slim-bookworm

FROM python:${PYTHON} AS packages
COPY locks/requirements-image.txt /tmp/requirements.txt
# Every file is checked against its hash; nothing is resolved, nothing is built from source.
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: \
        --requirement /tmp/requirements.txt

FROM python:${PYTHON}
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin customer360 \
    && install --directory --owner customer360 /app /var/lib/customer360
COPY --from=packages /opt/venv /opt/venv
COPY customer360_assets /app/customer360_assets
COPY resources /app/resources
COPY simulator /app/simulator
COPY infra /app/infra
COPY sql /app/sql
COPY spark /app/spark
COPY dagster.yaml workspace.yaml /app/
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    CUSTOMER360_HOME=/var/lib/customer360
USER 10001
EXPOSE 4000
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD ["dagster", "api", "grpc-health-check", "--port", "4000"]
# CUSTOMER360_DEPLOYMENT says which deployment; without it the image is a local one.
CMD ["dagster", "code-server", "start", "--host", "0.0.0.0", "--port", "4000", "--module-name", "customer360_assets.definitions"]
