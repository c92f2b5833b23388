{ image: (import '../../../shared/registry.libsonnet') + '/web:1.0' }
