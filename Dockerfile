# One image for "peercert migrate", "peercert api" and "peercert worker". It holds
# the program, the roots of TLS and a probe, and no shell.
FROM golang:1.26.8-alpine AS build
WORKDIR /source
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w" -o /image/peercert . \
 && mkdir -m 1777 /image/tmp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
# Uploads are spooled to a temporary file.
COPY --from=build --chown=65532:65532 /image/ /
# For health checks only. Under this name the program can do nothing but fetch.
COPY --from=busybox:1.37.0-musl /bin/busybox /probe/wget
USER 65532:65532
ENTRYPOINT ["/peercert"]
