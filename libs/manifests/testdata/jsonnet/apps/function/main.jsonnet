local k = import 'k8s.libsonnet';
function(name='default', size=1) k.configMap(name, { size: '%d' % size, file: std.thisFile })
