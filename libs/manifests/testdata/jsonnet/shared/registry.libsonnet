'registry.example.org'
