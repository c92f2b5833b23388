local kube = import 'kube/kube.libsonnet';
local defaults = import 'defaults.libsonnet';
local env = std.extVar('environment');
[
  kube.deployment('web', defaults.registry + '/web:' + std.extVar('tag'), std.extVar('replicas')),
  kube.configMap('web', { environment: env, 'motd.txt': importstr 'motd.txt' }),
]
