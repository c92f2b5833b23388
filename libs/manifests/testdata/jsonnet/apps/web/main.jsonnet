// The web shop.
local k = import 'k8s.libsonnet';
local config = import "config/web.libsonnet";
local page = importstr 'page.html';
[
  k.deployment('web', config.image, std.extVar('replicas')),
  k.configMap('web', { 'index.html': page, env: std.extVar('env') }),
]
