"""The words of «Mi cuenta»."""

NOTICES = {
    "sin_segundo_factor": "Se quitó su segundo factor. Ahora entra solo con su contraseña.",
    "sesiones_cerradas": "Se cerraron sus otras sesiones.",
    "segundo_factor": "Su perfil pide un segundo factor. Actívelo aquí para continuar.",
    "factor_quitado": "Se quitó el segundo factor. La persona entra con su contraseña y puede activar otro.",
}

#: In the order in which they are looked for: one browser names others in what it calls itself.
_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def device(user_agent: str | None) -> str:
    """What a browser calls itself, as a person would say it."""
    told = user_agent or ""
    browser = next((name for mark, name in _BROWSERS if mark in told), "Otro programa")
    system = next((name for mark, name in _SYSTEMS if mark in told), None)
    return f"{browser} en {system}" if system else browser
