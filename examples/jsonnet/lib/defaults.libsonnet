{ registry: 'registry.example.org', replicas: 2 }
