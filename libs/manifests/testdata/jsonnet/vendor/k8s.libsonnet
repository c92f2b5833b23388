{
  local meta(name) = { metadata: { name: name, labels: { app: name } } },
  deployment(name, image, replicas):: meta(name) {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    spec: {
      replicas: replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: name, image: image }] } },
    },
  },
  configMap(name, data):: meta(name) { apiVersion: 'v1', kind: 'ConfigMap', data: data },
}
