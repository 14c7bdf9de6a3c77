"""Where the sources are, how they are named there, and the secrets that open them."""

from __future__ import annotations

import os

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from customer360_assets.extraction.extracted import ExtractionError

TOKEN = "CUSTOMER360_CRM_TOKEN"  # noqa: S105  (the name of a variable)
PASSWORD = "CUSTOMER360_SOURCE_DB_PASSWORD"  # noqa: S105  (the name of a variable)
LOOK_BACK = 7


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TransactionTable(_Frozen):
    """The table of account movements and its columns, as the source names them."""

    db_schema: str = "public"
    table: str = "transactions"
    trans_id: str = "trans_id"
    account_id: str = "account_id"
    date: str = "date"
    type: str = "type"
    operation: str = "operation"
    amount: str = "amount"
    balance: str = "balance"


class CoreBankingSettings(_Frozen):
    """A PostgreSQL server, and how far back late rows are looked for.

    url: postgresql://user@host/database, without a password. look_back: days before the business
    date. password: None leaves it to PGPASSWORD. memory: of the engine, in DuckDB's spelling.
    """

    url: str
    password: SecretStr | None = None
    look_back: int = Field(default=LOOK_BACK, ge=0)
    transactions: TransactionTable = TransactionTable()
    memory: str = "2GB"
    threads: int | None = None


class CrmSettings(_Frozen):
    """A CRM, and the patience with it; seconds."""

    url: str
    token: SecretStr
    page_size: int = Field(default=1000, ge=1)
    attempts: int = Field(default=6, ge=1)
    backoff: float = Field(default=0.5, ge=0)
    longest_wait: float = Field(default=60.0, ge=0)
    timeout: float = Field(default=30.0, gt=0)


def crm_settings(url: str) -> CrmSettings:
    """Return a CRM's settings, its token from an environment variable; raises ExtractionError."""
    token = os.environ.get(TOKEN, "").strip()
    if not token:
        raise ExtractionError(f"The CRM requires a token: set the environment variable {TOKEN}.")
    return CrmSettings(url=url, token=SecretStr(token))


def core_banking_settings(url: str, look_back: int = LOOK_BACK) -> CoreBankingSettings:
    """Return the settings of a core-banking database, a password from an environment variable."""
    password = os.environ.get(PASSWORD)
    return CoreBankingSettings(
        url=url, look_back=look_back, password=SecretStr(password) if password else None
    )
