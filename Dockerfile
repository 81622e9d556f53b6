# One static program and nothing else. `make image` lays the program of `make dist` and the licences into a folder, and builds there.
FROM scratch
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="stend" \
      org.opencontainers.image.description="A test bench: emulators of Carbis QR, Tillypad, an electronic queue and Telemetron" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY stend LICENSE-MIT LICENSE-APACHE /
# The control API answers to IP addresses, localhost and these names; STEND_ALLOW_HOST replaces them.
ENV STEND_HOST=0.0.0.0 STEND_ALLOW_HOST=stend,host.docker.internal
USER 65532:65532
EXPOSE 7700 7701 7702 7703 7704 7705
HEALTHCHECK --interval=5s --timeout=3s --start-period=2s --retries=3 CMD ["/stend", "healthcheck"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/stend"]
CMD ["serve"]
