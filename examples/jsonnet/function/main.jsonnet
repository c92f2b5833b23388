local kube = import 'kube/kube.libsonnet';
function(name, sizes={ s: 1, m: 3 }, size='s')
  { apiVersion: 'v1', kind: 'List', items: [kube.deployment(name, 'registry.example.org/job:1', sizes[size])] }
