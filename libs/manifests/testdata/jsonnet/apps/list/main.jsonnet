{ apiVersion: 'v1', kind: 'List', items: [(import 'k8s.libsonnet').configMap('in-list', {})] }
