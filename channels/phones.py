"""Telephone numbers as the channels give them."""

import phonenumbers

#: Mexico dropped the 1 that mobiles bore after the country code in 2019; WhatsApp still writes it now and then.
_OLD_MOBILE = "+521"
#: Of a Mexican number without its country code.
MEXICAN_DIGITS = 10


def normal_phone(raw: str) -> str | None:
    """E.164 of a number given with its country code (`521…` and `52…` are one number); None if it is no number."""
    digits = "".join(char for char in raw if char.isdigit())
    number = f"+{digits}"
    if number.startswith(_OLD_MOBILE) and len(digits) == len("521") + MEXICAN_DIGITS:
        number = "+52" + digits.removeprefix("521")
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
