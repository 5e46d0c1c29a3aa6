"""Stand-ins for the vendors' servers: programs on loopback that obey the vendors' documents. See README.md."""
