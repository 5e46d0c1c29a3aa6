// Who signs out leaves nothing half-written in this window: the next to sit here may be somebody else.

for (const name of Object.keys(sessionStorage)) {
  if (name.startsWith("consola-")) sessionStorage.removeItem(name);
}
