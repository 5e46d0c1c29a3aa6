"""The payloads of a notice's buttons. No imports: the bot offers one of them too, from an environment of its own."""

#: The citizen's answer to «¿Se resolvió?»: `PREFIX:notice:si` or `:no`.
VERDICT = "/aviso_resuelto"
#: `PREFIX:notice:no`, or `PREFIX:notice:N`: add what was written after the message in place N.
ADD = "/aviso_agregar"
