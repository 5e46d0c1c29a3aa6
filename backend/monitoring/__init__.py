"""How the product tells operators that it is well: measures, traces, health (docs/adr/0028)."""
