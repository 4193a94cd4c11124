"""`make chaos`: webhooks arrive while everything is killed; every one is accounted for."""
