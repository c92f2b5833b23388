# One image for api-server, application-controller and repo-server, and for plugin sidecars (cmp-server); the command chooses:
#   node apps/<service>/dist/main.js
# Needs BuildKit. The first build compiles nodegit and the Go tools (about ten minutes).

# Helm, Kustomize and Jsonnet, from the versions that tools/local-cluster/go.mod pins, and the renderers: their code
# in processes that live for many renders. A renderer is used only when its tool says the same version.
FROM golang:1.26-bookworm AS tools
WORKDIR /src
COPY tools/local-cluster/go.mod tools/local-cluster/go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY tools/local-cluster/ ./
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    helm=$(go list -m -f '{{.Version}}' helm.sh/helm/v3) \
 && kustomize=$(go list -m -f '{{.Version}}' sigs.k8s.io/kustomize/kustomize/v5) \
 && stamps="-X helm.sh/helm/v3/internal/version.version=$helm -X sigs.k8s.io/kustomize/api/provenance.version=$kustomize" \
 && CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w $stamps" -o /out/ \
      helm.sh/helm/v3/cmd/helm sigs.k8s.io/kustomize/kustomize/v5 github.com/google/go-jsonnet/cmd/jsonnet \
      ./render-helm ./render-kustomize ./render-jsonnet

# All packages, nodegit compiled against this Node, all projects compiled.
FROM node:24-bookworm AS build
RUN apt-get update -q && apt-get install -y -q --no-install-recommends g++ libkrb5-dev make python3 \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY . .
RUN --mount=type=cache,target=/root/.npm npm install --no-audit --no-fund --foreground-scripts
RUN node node_modules/typescript7/bin/tsc -b \
 && node tools/sidecar/bundle.mjs /sidecar \
 && npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
 && find apps libs -name src -type d -prune -exec rm -rf {} + \
 && find node_modules/nodegit -mindepth 1 -maxdepth 1 \( -name vendor -o -name src -o -name include \) -exec rm -rf {} + \
 && find node_modules/nodegit/build -mindepth 1 -not -path '*/Release' -not -name nodegit.node -delete

FROM node:24-bookworm-slim
RUN apt-get update -q && apt-get install -y -q --no-install-recommends ca-certificates git gnupg libgssapi-krb5-2 openssh-client \
 && rm -rf /var/lib/apt/lists/* /usr/local/lib/node_modules/npm /usr/local/bin/npm /usr/local/bin/npx
# A small young generation and few malloc arenas: the services hold little that lives short.
ENV NODE_ENV=production NODE_OPTIONS=--max-semi-space-size=4 MALLOC_ARENA_MAX=2
WORKDIR /app
COPY --from=tools /out/ /usr/local/bin/
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/libs ./libs
COPY --from=build /app/apps ./apps
# For sidecars in other images: copied from here together with Node (docs/plugins.md).
COPY --from=build /sidecar ./sidecar
RUN mkdir /data /plugins && chown node:node /data /plugins
USER 1000:1000
CMD ["node", "apps/api-server/dist/main.js"]
