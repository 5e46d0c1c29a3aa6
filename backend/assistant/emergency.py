"""Danger to life, caught by rule before understanding is asked (design, section 6).

Rules prefer recall: a false alarm costs one message, a miss may cost a life. They look
at the text without accents, in lower case. What matches is never logged.
"""

import re

from backend.text import fold

EMERGENCY_TEXT = (
    "Si usted o alguien está en peligro, llame al 911 ahora mismo. "
    "También puede llamar al 089 (denuncia anónima), al 075 (línea de atención a mujeres) o, si ya no puede con lo que "
    "siente, al 800 911 2000 (Línea de la Vida: gratis y a toda hora). "
    "Ya avisé a una persona de nuestra oficina, pero no somos un servicio de emergencia: por favor llame al 911."
)

_WHO = r"(?:me|nos|la|lo|le|los|las|les|se|te)"
#: Cruelty, and a petition: no danger to anybody's life.
_AN_ANIMAL = r" a (?:su|sus|un|una|unos|unas|el|la|los|las|mi|mis) (?:perr|gat|caball|burr|mula|vaca|animal|mascota)"
_RULES = (
    # Violence, under way or threatened
    rf"\b{_WHO} (?:esta|estan|estaba|quiere|quieren|va|van|vino|vinieron) (?:a )?"
    r"(?:golpeando|pegando|golpear|pegar|matando|matar|violando|violar|asaltando|asaltar|secuestrando|secuestrar|"
    r"ahorcando|apunalando|amenazando con|atacando)",
    rf"\b(?:golpeando|pegando|matando|violando|asaltando|ahorcando|atacando){_WHO}\b",
    rf"\b{_WHO} (?:golpea|pega|violo|apunalo|acuchillo|balacearon|secuestraron|levantaron|balaceo)\b(?!{_AN_ANIMAL})",
    r"\bmi (?:esposo|marido|pareja|novio|ex|papa|padrastro|hijo|vecino) (?:me|nos) (?:golpe|peg|quiere matar|amenaz|va a matar)",
    rf"\b{_WHO} (?:amenazo|amenaza|amenazaron) (?:de muerte|con (?:un|una|la) (?:arma|pistola|cuchillo|navaja|machete))",
    r"\b(?:va|van|quiere|quieren) a? ?(?:matarme|matarnos|matarla|matarlo|golpearme|violarme|pegarme|secuestrarme)",
    r"\bviolencia (?:domestica|familiar|en mi casa|intrafamiliar)\b.*\b(?:ahora|ahorita|ya|auxilio|ayuda)\b",
    r"(?<!le )(?<!les )\b(?:toca|tocan|toco|manosea\w*|abus(?:a|an|o|aron) de) (?:a )?"
    r"(?:mi|mis|la|las|los|su|una?|unas|unos) (?:nin[ao]s?|hij[ao]s?|alumn[ao]s?|menor(?:es)?|niet[ao]s?|hermanit[ao]s?)\b",
    r"\b(?:bebe|recien nacido|criatura) (?:\w+ )?(?:en|entre) (?:la|un|el) (?:basura|bote|canal|baldio|monte)\b",
    # Self-harm
    r"\b(?:me quiero|quiero|voy a|ya me voy a|pienso|ganas de) (?:morir(?:me)?|matar(?:me)?|suicidar(?:me)?|quitarme la vida)\b",
    r"\b(?:no quiero|ya no quiero|no tengo ganas de) (?:seguir )?(?:vivir|viviendo|vivo|viva)\b",
    r"\bno (?:aguanto|puedo)\b.{0,30}\bno quiero (?:seguir|estar)(?: (?:aqui|en este mundo|en esta vida))?\s*[.!]*$",
    r"\b(?:mejor|prefiero|preferiria|quisiera) (?:me muero|morir(?:me)?|estar muert[oa])\b",
    r"\bno (?:le )?(?:hallo|hayo|encuentro|veo|tiene) (?:el |ningun )?(?:sentido|caso) (?:a )?"
    r"(?:la vida|mi vida|vivir|seguir (?:aqui|viviendo|en este mundo))\b",
    r"\bsuicid", r"\bquitar(?:me|se) la vida\b", r"\bme (?:corte|estoy cortando) las venas\b",
    r"\btom(?:e|o|aron) (?:muchas |un monton de |todas las )?(?:pastillas|veneno|cloro)\b",
    # Crime under way
    r"\b(?:balacera|tiroteo|balazos|balasera|disparos|estan disparando|hay disparos)\b",
    r"\b(?:se estan metiendo|se metieron|estan entrando|quieren entrar) a (?:mi|la|robar)\b",
    r"\b(?:estan|esta|andan) (?:asaltando|robando|violando|matando|golpeando|quemando)\b",
    r"\b(?:hombre|hombres|tipo|tipos|sujeto|sujetos|gente) armad[oa]s?\b",
    r"\b(?:secuestro|secuestraron|tienen secuestrad[oa]|privad[oa] de (?:su|la) libertad|desaparecio mi (?!perr|gat|mascota)|levantaron a)\b",
    r"\b(?:tipos?|malandr\w+|sicarios?|narcos?|delincuentes?|maleantes?|la mafia)\b.{0,20}"
    r"\b(?:pid|cobr|exig)\w+\b.{0,15}\b(?:cuota|piso)\b",
    # Accident, fire, health
    r"\b(?:se|me) (?:esta|estoy|estan) (?:muriendo|desangrando|ahogando|quemando|asfixiando|infartando|electrocutando)\b",
    r"\b(?:infarto|no (?:puede|puedo) respirar|no respira|se desmayo|perdio el conocimiento|esta inconsciente|"
    r"convulsion|convulsionando|sangrando mucho|mucha sangre|desangra|se ahogo|se ahoga)\b",
    r"\b(?:accidente|choque|volcadura|volco|atropell\w+|atropeyaron)\b.*\b(?:herid\w*|muert\w*|atrapad\w*|grave|sangr\w*|"
    r"ahora|ahorita|ambulancia|tirad\w*)\b",
    r"\b(?:atropellaron|atropeyaron|atropello) a\b",
    r"\b(?:hay|tenemos|ayuda|auxilio)\b.{0,20}\b(?:incendio|heridos|explosion)\b",
    r"\bincendi(?:o|ando)\b.*\b(?:casa|edificio|adentro|gente|vecino|ahora|ahorita|familia|escuela|ninos)\b",
    r"\b(?:casa|edificio|carro|escuela) (?:se )?(?:esta|estan) (?:quemando|incendiando|en llamas)\b",
    r"\b(?:esta|estan) (?:quemando(?:se)?|incendiando(?:se)?) (?:la|una|mi|el|un) (?:casa|edificio|carro|escuela)\b",
    r"\bfuga de gas\b", r"\bhuele (?:mucho |muy fuerte )?a gas\b",
    r"\b(?:manden|mande|necesito|ocupo|urge|pidan|hablen a)(?: \w+)? (?:ambulancia|patrulla|bomberos|la policia)\b",
    r"^\s*(?:auxilio|socorro|911|emergencia)[\s!.]*$",
    r"\b(?:es una|tengo una) emergencia\b", r"\bauxilio\b", r"\bsocorro por favor\b",
    r"\b(?:esta|estoy|va a) (?:dar|pariendo|dando) a luz\b", r"\bmi vida (?:corre|esta en) peligro\b",
    r"\b(?:encerrad[oa]|atrapad[oa])s?\b.*\b(?:golpe\w*|mata\w*|peligro|no (?:me|nos) deja\w*|fuego|ayuda)\b",
)  # fmt: skip
_EMERGENCY = re.compile("|".join(f"(?:{rule})" for rule in _RULES))


def is_emergency(text: str) -> bool:
    """Whether `text` tells of danger to life now."""
    return _EMERGENCY.search(fold(text)) is not None
