"""The laboratory 实验室: what measures and makes. Nothing that runs in a town imports it."""
