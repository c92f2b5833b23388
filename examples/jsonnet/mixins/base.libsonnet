{
  config:: { name: 'monitor', interval: '30s' },
  rules: { apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule', metadata: { name: $.config.name }, spec: { groups: [{ name: 'up', interval: $.config.interval }] } },
}
