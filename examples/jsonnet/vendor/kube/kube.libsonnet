{
  object(apiVersion, kind, name):: { apiVersion: apiVersion, kind: kind, metadata: { name: name } },
  deployment(name, image, replicas=1):: self.object('apps/v1', 'Deployment', name) {
    spec: {
      replicas: replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: name, image: image }] } },
    },
  },
  configMap(name, data):: self.object('v1', 'ConfigMap', name) { data: data },
}
