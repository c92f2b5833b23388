#!/bin/sh
# Waits for the k3s cluster, writes a kubeconfig that the other containers can use, installs the CRDs and the example.
set -eu
until [ -s /kube/k3s.yaml ] && kubectl --kubeconfig /kube/k3s.yaml --server https://k3s:6443 get --raw /readyz >/dev/null 2>&1; do
  sleep 1
done
sed 's#https://127.0.0.1:6443#https://k3s:6443#' /kube/k3s.yaml > /kube/config
chmod 644 /kube/config
export KUBECONFIG=/kube/config
kubectl create namespace argocd --dry-run=client --output yaml | kubectl apply --filename -
kubectl apply --server-side --force-conflicts --filename /crds
kubectl apply --filename /deploy/settings.yaml --filename /examples
