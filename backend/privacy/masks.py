"""How a telephone, an e-mail and a CURP are shown to who does not need them: enough to tell two apart, not to use."""

HIDDEN = "•••"


def phone(number: str) -> str:
    """`662 *** ** 33` of a Mexican number; of any other, its last two figures."""
    if number.startswith("+52") and len(number) == 13:
        return f"{number[3:6]} *** ** {number[-2:]}"
    return f"*** *** ** {number[-2:]}" if len(number) > 6 else HIDDEN


def email(address: str) -> str:
    """`a***@correo.mx`: the first letter and where it is."""
    name, at, domain = address.partition("@")
    return f"{name[:1]}***@{domain}" if at and len(name) > 1 else HIDDEN


def curp(key: str) -> str:
    """`PELJ ************ 09`: the letters of the name, and the last two."""
    return f"{key[:4]} ************ {key[-2:]}" if len(key) == 18 else HIDDEN


def contact(told: str) -> str:
    """A telephone or an e-mail, as a draft keeps or shows whichever was given."""
    if "@" in told:
        return email(told.strip())
    figures = "".join(char for char in told if char.isdigit())
    return phone(f"+52{figures[-10:]}") if len(figures) >= 10 else HIDDEN
