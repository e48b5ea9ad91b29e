# The gossip node as an image: `just image` builds it, helm/cnsim runs it. Nothing but the node's binary is in it.
# The build stage and the runtime stage are both Debian 12, so that the binary meets the C library it was linked against.
FROM rust:1.95-bookworm AS build
# The base's own toolchain: rust-toolchain.toml asks for components that no image needs, and rustup would fetch them at each build.
ENV RUSTUP_TOOLCHAIN=${RUST_VERSION:-1.95.0} \
    CARGO_PROFILE_RELEASE_STRIP=symbols
WORKDIR /src
COPY . .
# Cargo goes by times: a source that is older than the cache, though it is another one, would be taken for built.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    find . -path ./target -prune -o -type f -exec touch {} + \
    && cargo build --locked --release -p cnsim-node --bin cnsim-node \
    && install -D -m 0755 target/release/cnsim-node /out/cnsim-node

FROM gcr.io/distroless/cc-debian12:nonroot
ARG CNSIM_REVISION=unknown
ARG CNSIM_VERSION=0.1.0
LABEL org.opencontainers.image.title="cnsim-node" \
      org.opencontainers.image.description="A gossip node: the protocol core of cnsim behind gRPC" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="${CNSIM_VERSION}" \
      org.opencontainers.image.revision="${CNSIM_REVISION}"
# What the node says of itself: in the environment, so that a commit which leaves the sources alone builds nothing anew.
ENV CNSIM_REVISION=${CNSIM_REVISION}
COPY --from=build /out/cnsim-node /usr/local/bin/cnsim-node
# By number: Kubernetes' runAsNonRoot cannot look a name up.
USER 65532:65532
EXPOSE 5050
ENTRYPOINT ["cnsim-node"]
CMD ["serve"]
