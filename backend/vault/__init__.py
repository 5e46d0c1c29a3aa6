"""Field encryption: data keys wrapped by a key outside the database, sealed columns, blind indexes (docs/adr/0026)."""
