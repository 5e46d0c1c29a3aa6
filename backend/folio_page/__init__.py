"""The public page of a folio: with its access code anybody may see, in plain words, how a petition is doing."""
