local base = import './base.libsonnet';
local mixin = base { config+:: { interval: '10s' }, rules+: { metadata+: { labels: { severity: 'page' } } } };
[mixin[key] for key in std.objectFields(mixin)]
