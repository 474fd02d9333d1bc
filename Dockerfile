# SPDX-License-Identifier: Apache-2.0
#
#   docker build -t pannier .
#
# The image has the binary, the libraries that it needs, the shipped templates, and nothing else: no shell, no package
# manager. To build the same bytes again, give the base by its digest, the packages as they were, and the date of the commit:
#
#   docker build -t pannier --build-arg DEBIAN=docker.io/library/debian@sha256:... --build-arg SOURCE_DATE_EPOCH=... \
#     --build-arg SOURCES='deb [check-valid-until=no] http://snapshot.debian.org/archive/debian/20261101T000000Z trixie main' .
#
# tests/image plays these steps without a container engine (./dev image).
ARG DEBIAN=docker.io/library/debian:13-slim

FROM ${DEBIAN} AS build
ARG SOURCES=
RUN if [ -n "${SOURCES}" ]; then rm -f /etc/apt/sources.list.d/* && echo "${SOURCES}" >/etc/apt/sources.list; fi && \
    apt-get update && \
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        gcc libc6-dev meson pkg-config \
        libgnutls28-dev libjansson-dev libmicrohttpd-dev libssl-dev libyaml-dev libyyjson-dev
ARG SOURCE_DATE_EPOCH=0
WORKDIR /src
COPY meson.build meson_options.txt ./
COPY certs certs
COPY webhook webhook
COPY docs/reasons.md docs/
COPY docs/reasons docs/reasons
COPY docs/rules docs/rules
COPY tools/explain tools/explain
COPY tools/embed tools/embed
RUN meson setup --prefix /usr --buildtype release -Db_lto=true -Dtests=false /build && \
    meson compile -C /build && \
    DESTDIR=/runtime meson install -C /build --no-rebuild --strip --tags runtime
# The libraries, with what scanners and lawyers ask for: the packages' entries and copyrights.
COPY tools/image/collect.sh ./
RUN sh collect.sh /runtime/usr/bin/pannier /runtime
COPY templates /runtime/usr/share/pannier/templates
RUN find /runtime -exec touch --no-dereference --date "@${SOURCE_DATE_EPOCH}" {} +

FROM scratch
LABEL org.opencontainers.image.title="pannier" \
      org.opencontainers.image.description="Adds sidecars to Pods, by policy: a mutating admission webhook" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0"
COPY --from=build /runtime /
USER 65532:65532
EXPOSE 8443 8080
ENTRYPOINT ["/usr/bin/pannier"]
CMD ["serve"]
