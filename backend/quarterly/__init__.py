"""The Informe Trimestral de Resultados: goals, editions that are frozen, and reports sent by e-mail (docs/adr/0022)."""
