"""What can go wrong with accounts and sessions, in words for staff."""

from backend.errors import Conflict, Forbidden, InvalidInput, Unauthenticated


class WrongCredentials(Unauthenticated):
    """Deliberately the same for an unknown user, a wrong password, a locked and a disabled account."""

    code = "credenciales_incorrectas"
    message = (
        "El usuario o la contraseña no son correctos. Después de 5 intentos fallidos la cuenta se bloquea 15 minutos."
    )


class PasswordChangeRequired(Forbidden):
    code = "cambie_su_contrasena"
    message = "Cambie su contraseña de un solo uso para continuar."


class SecondFactorNeeded(Unauthenticated):
    code = "falta_codigo"
    message = "Escriba también el código de su aplicación de códigos."


class WrongCode(Unauthenticated):
    """Wrong, or of a time step that was used before."""

    code = "codigo_incorrecto"
    message = "El código no es correcto o ya se usó. Espere a que su aplicación muestre otro y escríbalo."


class SecondFactorRequired(Forbidden):
    code = "active_su_segundo_factor"
    message = "Su perfil pide un segundo factor. Actívelo en «Mi cuenta» para continuar."


class WeakPassword(InvalidInput):
    code = "contrasena_debil"
    message = "Use al menos 10 caracteres, distintos de su usuario y de la contraseña anterior."


class CsrfRefused(Forbidden):
    code = "csrf"
    message = "La página caducó. Recárguela e intente de nuevo."


class UsernameTaken(Conflict):
    code = "usuario_existente"
    message = "Ese nombre de usuario ya existe."


class ExtensionTaken(Conflict):
    code = "extension_ocupada"
    message = "Esa extensión ya es de otra persona."


class OwnAccount(Conflict):
    code = "cuenta_propia"
    message = "No puede desactivar su propia cuenta ni cambiar su propio rol."


class LiaisonAgency(InvalidInput):
    code = "dependencia_del_enlace"
    message = "Un enlace lleva la dependencia que representa; los demás perfiles no llevan ninguna."
