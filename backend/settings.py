"""Every setting, its meaning and its default. Read once from the environment, then passed in.

Nothing secret has a default: `make run` makes development secrets under `VAR_DIR`
(see `backend.supervisor`); elsewhere a missing secret stops the program with its name.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from backend.agents.roles import Role
from backend.vault.kek import FieldKeys

MEBIBYTE = 1024 * 1024
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Settings(BaseSettings):
    """Settings of the backend and its worker, named in the environment by their names in capitals."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore")

    var_dir: Path = Field(Path("var"), description="Where data, attachments, models and development secrets lie.")
    host: str = Field("127.0.0.1", description="Address that the web server binds to.")
    port: int = Field(8000, description="Port of the web server.")
    web_fd: int | None = Field(
        None, description="Descriptor of a listening socket to use instead; `make run` hands its own down."
    )
    public_url: str | None = Field(None, description="The address citizens use; default http://localhost:PORT.")
    database_url: str = Field(
        description="PostgreSQL as postgresql://…; where absent, `make run` starts its own under VAR_DIR/postgres."
    )
    redis_url: SecretStr | None = Field(
        None,
        description="Redis as redis://:password@host:6379/0, rediss://… (TLS) or unix:///path: wake-ups and limits "
        "over several processes. Losing it loses nothing. Absent: PostgreSQL and each process's memory.",
    )
    log_level: str = Field("INFO", description="Least level logged: DEBUG, INFO, WARNING, ERROR.")

    secret_key: SecretStr = Field(description="Key that access codes and chat tokens derive from. Keep it for ever.")
    field_key: SecretStr = Field(
        description="Wraps the keys that personal data are sealed by: 32 bytes, base64 (`python -m backend keys new`). "
        "Keep a copy apart from the database and its backups: without it they are lost."
    )
    field_key_previous: SecretStr | None = Field(
        None, description="The FIELD_KEY before this one, until `python -m backend keys rewrap` is done."
    )
    internal_api_token: SecretStr = Field(description="The bot's actions show it to /internal.")
    bot_token: SecretStr = Field(description="The backend shows it to the bot's input channel.")

    rasa_url: Annotated[list[str], NoDecode] = Field(
        default_factory=lambda: ["http://127.0.0.1:5005"],
        min_length=1,
        description="Where the bot listens; several (comma-separated) share the chats. Never open to the world.",
    )
    second_model: str | None = Field(
        None,
        description="Version of a second model to compare (`make models` lists them); it takes 0.6 GB more. "
        "A running product starts it only with SECOND_MODEL_SHARE.",
    )
    second_model_share: int = Field(
        0, ge=0, le=100, description="Percentage of the conversations that the second model answers."
    )
    second_rasa_url: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="Where the second model listens, as RASA_URL; `make run` chooses it when SECOND_MODEL is given.",
    )
    web_processes: int = Field(1, ge=1, description="Webs under `make run`, at one port; 0.15 GB each.")
    worker_processes: int = Field(1, ge=1, description="Workers under `make run`; 0.15 GB each.")
    rasa_processes: int = Field(
        1, ge=1, description="Processes of the bot under `make run`, where RASA_URL names none; 0.6 GB each."
    )
    turn_timeout: float = Field(8.0, description="Seconds the bot has for a turn; then the scripted intake answers.")
    lease_seconds: float = Field(15.0, description="Seconds after which a dead worker's turn is taken up again.")
    sweep_seconds: float = Field(2.0, description="Seconds between looks for work whose wake-up was lost.")
    notice_fallback_hours: int = Field(
        24,
        description="Hours in which a notice must be delivered where the channel tells so; then the next way is tried.",
    )

    webhooks_to_loopback: bool = Field(
        False, description="Allow outgoing webhooks to this machine itself, http too: for development and tests alone."
    )

    metrics_port: int | None = Field(
        None,
        description="Port on which this process tells its measures and health; `make run` gives each process the next.",
    )
    metrics_host: str = Field("127.0.0.1", description="Address of that port; any but loopback needs METRICS_TOKEN.")
    metrics_token: SecretStr | None = Field(None, description="Who reads /metrics must show it (Bearer).")
    otel_exporter_otlp_endpoint: str | None = Field(
        None, description="Where traces go, as http://host:4318; absent: nothing is traced."
    )

    backup_key: SecretStr | None = Field(
        None,
        description="What backups are encrypted with; only the backup commands need it. Keep it apart from them.",
    )
    backup_dir: Path | None = Field(None, description="Where backups are put; default VAR_DIR/backups.")
    backup_keep: int = Field(14, ge=1, description="How many backups stay; older ones go when a new one is whole.")
    pg_bin: Path | None = Field(
        None, description="Folder of pg_dump and pg_restore; default: those that come with the embedded PostgreSQL."
    )

    twilio_api_url: str | None = Field(None, description="Stands in for every host of Twilio's, for tests and demos.")
    telegram_api_url: str | None = Field(None, description="Stands in for Telegram's Bot API host.")

    smtp_url: SecretStr | None = Field(
        None,
        description="Mail server: smtp://user:password@host:port, smtp+starttls://… (always encrypted) or smtps://…; "
        "absent: no e-mail goes out, and the console says so.",
    )
    mail_from: str | None = Field(None, description="Address that e-mail comes from; needed with SMTP_URL.")
    audit_anchor_email: str | None = Field(
        None, description="Address that is sent the audit trail's last hash once a day (needs SMTP_URL)."
    )
    second_factor_required_for: Annotated[list[Role], NoDecode] = Field(
        default_factory=list, description="Roles (comma-separated, such as head,admin) that must use a second factor."
    )
    escalate_after_days: int = Field(
        3, ge=1, description="Working days after its due date at which an agency's turn is put before the head."
    )

    widget_origins: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="Origins (comma-separated) of the sites that embed the chat, besides our own.",
    )
    sessions_per_minute: int = Field(120, description="New chat sessions a minute from one address.")
    messages_per_minute: int = Field(60, description="Messages a minute in one chat session.")
    attachment_max_bytes: int = Field(10 * MEBIBYTE, description="Largest attachment accepted, in bytes.")
    clamd_url: str | None = Field(
        None,
        pattern=r"^(tcp://[^/]+|unix:///.+)$",
        description="ClamAV's clamd, which looks at every file before it is kept: tcp://host:3310 or unix:///path. "
        "While it cannot be reached no file is taken. Absent: types and sizes are checked all the same.",
    )
    trusted_proxies: str = Field("127.0.0.1", description="Proxies whose X-Forwarded-For is believed.")

    @field_validator("widget_origins", "rasa_url", "second_rasa_url", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return [one.strip().rstrip("/") for one in value.split(",") if one.strip()]
        return value

    @field_validator("second_factor_required_for", mode="before")
    @classmethod
    def _roles(cls, value: object) -> object:
        return [name.strip() for name in value.split(",") if name.strip()] if isinstance(value, str) else value

    @field_validator("redis_url")
    @classmethod
    def _redis_is_named(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("REDIS_URL must be redis://, rediss:// or unix://")
        return value

    @model_validator(mode="after")
    def _mail_is_whole(self) -> "Settings":
        if self.smtp_url is not None and self.mail_from is None:
            raise ValueError("SMTP_URL needs MAIL_FROM")
        return self

    @model_validator(mode="after")
    def _measures_are_private(self) -> "Settings":
        if self.metrics_host not in _LOOPBACK and self.metrics_token is None:
            raise ValueError("METRICS_HOST that is not loopback needs METRICS_TOKEN")
        return self

    @property
    def backups_dir(self) -> Path:
        return self.backup_dir or self.var_dir / "backups"

    @property
    def key(self) -> bytes:
        """The secret key as what signs and seals wants it."""
        return self.secret_key.get_secret_value().encode()

    @property
    def field_keys(self) -> FieldKeys:
        """Raises FieldKeyMissing where FIELD_KEY is no key."""
        previous = self.field_key_previous
        return FieldKeys.parse(self.field_key.get_secret_value(), previous.get_secret_value() if previous else None)

    @property
    def base_url(self) -> str:
        return (self.public_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def attachments_dir(self) -> Path:
        return self.var_dir / "attachments"
