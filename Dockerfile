# The image of portkey-admin-mcp: HTTP on port 3000, as an ordinary user, on a root file system that may be
# read-only. docs/deployment/docker.md has how to run it, and how to renew the digest.
#
# The tag is for people; the digest is what is used.
ARG PYTHON_IMAGE=docker.io/library/python:3.13.15-slim-trixie@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b

# --- The service and its dependencies, in a virtual environment without pip ----------------------------
FROM ${PYTHON_IMAGE} AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_NO_INPUT=1 \
    PIP_ROOT_USER_ACTION=ignore

WORKDIR /build
RUN python -m venv --without-pip /opt/portkey-admin-mcp
COPY requirements.txt ./
RUN python -m pip --python /opt/portkey-admin-mcp/bin/python install --quiet \
        --only-binary :all: --require-hashes --no-compile --requirement requirements.txt

COPY app /opt/portkey-admin-mcp/app
COPY LICENSE /opt/portkey-admin-mcp/
COPY --chmod=755 deploy/container/portkey-admin-mcp /opt/portkey-admin-mcp/bin/
# Checked by content, not by time: the times of files differ from machine to machine.
RUN python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/portkey-admin-mcp

# --- A Python without a package manager, and without programs that gain rights -------------------------
FROM ${PYTHON_IMAGE} AS base

RUN groupadd --gid 10001 mcp \
    && useradd --uid 10001 --gid mcp --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin mcp
COPY deploy/container/strip.sh /tmp/
RUN sh /tmp/strip.sh

# --- The image ----------------------------------------------------------------------------------------
FROM scratch

# The whole of it on purpose: layers of the base would still hold what was removed from it.
# hadolint ignore=DL3067
COPY --from=base / /
COPY --from=build /opt/portkey-admin-mcp /opt/portkey-admin-mcp

ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="portkey-admin-mcp" \
      org.opencontainers.image.description="MCP service for Portkey's Admin API" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

ENV PATH=/opt/portkey-admin-mcp/bin:/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin \
    LANG=C.UTF-8 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MCP_HOST=0.0.0.0 \
    MCP_PORT=3000

WORKDIR /opt/portkey-admin-mcp
USER 10001:10001
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=15s --retries=3 CMD ["portkey-admin-mcp", "health"]

# Without arguments: `http`, unless MCP_TRANSPORT says stdio. Any other command may follow the image's name.
ENTRYPOINT ["portkey-admin-mcp"]
