#!/bin/sh
# A development CA and one certificate for the mutual TLS between the services, and the key of the cache. Made once.
set -eu
cd /secrets
[ -s cache-key ] || openssl rand -hex 32 > cache-key
printf '%s' "$REDIS_PASSWORD" > redis-password
if [ ! -s tls/tls.key ]; then
  mkdir -p tls
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 825 \
    -subj /CN=tiphys-development-ca -keyout ca.key -out tls/ca.crt
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
    -subj /CN=repo-server -keyout tls/tls.key -out tls.csr
  printf 'subjectAltName=DNS:repo-server,DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n' > extensions
  openssl x509 -req -in tls.csr -CA tls/ca.crt -CAkey ca.key -CAcreateserial -days 825 -extfile extensions -out tls/tls.crt
  rm -f ca.key tls.csr extensions tls/ca.srl
fi
chown -R 1000:1000 /secrets
