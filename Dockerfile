# One node of Steward: the single-file program on a small Debian, as a user without rights.
#
#   docker build -t steward .
#   docker run --init -e NODE_NAME=ship1 -e CENTRAL_NODE_NAME=central -e BROKER_ADDRESS=broker:4222 \
#     -v ship1-state:/var/lib/steward -v ship1-config:/etc/steward steward

FROM node:24.11-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
# What builds the program and its page comes with the packages for development; the engine is installed by build-bin.ts.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.web.json ./
COPY scripts scripts
COPY src src
RUN node scripts/build-bin.ts --out /out own && mv /out/steward-* /out/steward

FROM debian:12.12-slim
# The numbers are written out so that a volume's owner stays the same from image to image.
RUN groupadd --system --gid 10001 steward \
  && useradd --system --uid 10001 --gid steward --home-dir /var/lib/steward --shell /usr/sbin/nologin steward \
  && install --directory --owner=steward --group=steward --mode=0750 /etc/steward /var/lib/steward /run/steward
COPY --from=build /out/steward /usr/local/bin/steward
ENV CONFIG_FOLDER=/etc/steward \
  DATABASE_FOLDER=/var/lib/steward \
  SUBSCRIBERS_DATA_FOLDER=/var/lib/steward/data \
  SOCKET_FOLDER=/run/steward
WORKDIR /var/lib/steward
USER steward
VOLUME ["/etc/steward", "/var/lib/steward"]
# The node answers on its socket; whether the broker can be reached is another question (steward doctor).
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s CMD ["steward", "nodes"]
ENTRYPOINT ["steward"]
CMD ["run"]
