"""The department's reports: figures defined once, computed, shown, taken away (docs/reports.md, docs/adr/0021)."""
