"""`customer360 sql` and `customer360 tables`."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from customer360_assets.cli.main import app
from tests.cli.conftest import customer360


def sql(home: Path, query: str, *options: str, columns: int = 0) -> str:
    """Return what the command prints."""
    arguments = ["sql", query, "--home", str(home), *options]
    ran = CliRunner().invoke(app, arguments, env={"COLUMNS": str(columns)})
    assert ran.exit_code == 0, ran.output
    return ran.stdout


def test_columns_of_one_name_are_all_printed(home: Path) -> None:
    assert sql(home, "SELECT 1 AS a, 2 AS a").split() == ["a", "a", "-", "-", "1", "2"]
    assert sql(home, "SELECT 1 AS a, 2 AS a", "--format", "csv") == "a,a\n1,2\n"
    assert json.loads(sql(home, "SELECT 1 AS a, 2 AS a, 3 AS a_2", "--format", "json")) == [
        {"a": 1, "a_3": 2, "a_2": 3}
    ]


def test_sums_of_one_name_are_all_printed(home: Path) -> None:
    query = "SELECT sum(age) AS a, sum(client_id) AS a FROM stage.customer"
    assert sql(home, query, "--format", "csv") == "a,a\n83,3\n"


def test_nothing_in_a_cell_is_interpreted(home: Path) -> None:
    red, line = "chr(27) || '[31m'", "'x' || chr(10)"
    query = f"SELECT '[unknown]' AS a, '[/x]' AS b, {red} AS c, {line} AS \"[d]\""
    assert sql(home, query).splitlines()[::2] == [
        "a          b     c         [d]",
        r"[unknown]  [/x]  \x1b[31m  x\n",
    ]


def test_a_row_wider_than_the_terminal_has_a_line_for_each_value(home: Path) -> None:
    query = "SELECT 'aaaaaaaaaa' AS first_name, NULL AS b"
    assert sql(home, query, columns=13).splitlines()[-1] == "aaaaaaaaaa"
    assert sql(home, query, columns=12) == "-- row 1 --\nfirst_name  aaaaaaaaaa\nb\n"


def test_as_of_tables_show_one_date_or_all(home: Path) -> None:
    query = "SELECT business_date, client_id, age FROM stage.customer ORDER BY 1, 2"
    newest = "2024-05-23,1,31\n2024-05-23,2,52\n"
    head, options = "business_date,client_id,age\n", ("--format", "csv")
    assert sql(home, query, *options) == head + newest
    assert sql(home, query, *options, "--as-of", "2024-05-22") == head + "2024-05-22,1,30\n"
    assert sql(home, query, *options, "--all-dates") == head + "2024-05-22,1,30\n" + newest
    assert sql(home, "SELECT count(*) AS n FROM stage.transaction", *options) == "n\n2\n"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT client_id FROM stage.customer ORDER BY age DESC",
        "SELECT client_id FROM stage.customer ORDER BY age DESC;",
        "SELECT client_id FROM stage.customer ORDER BY age DESC -- oldest",
        "SELECT client_id FROM stage.customer ORDER BY age DESC; -- oldest",
        "SELECT client_id FROM stage.customer ORDER BY age DESC LIMIT 2",
        "WITH c AS (SELECT * FROM stage.customer) SELECT client_id FROM c ORDER BY age DESC",
    ],
)
def test_a_limit(home: Path, query: str) -> None:
    assert sql(home, query, "--limit", "1", "--format", "csv") == "client_id\n2\n"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELCT 1", "this is not Athena SQL at line 1"),
        ("SELECT 1; SELECT 2", "this is not one statement but 2: give one at a time"),
        ("", "this is not Athena SQL: there is no statement in it"),
        ("SELECT 1 FROM stage.customers", "There is no table stage.customers. Did you mean stage."),
        ("SELECT 1 FROM customer", "There is no table customer. Did you mean stage.customer?"),
        ("SELECT 1 FROM zzz", "There is no table zzz. customer360 tables lists them."),
        ("SELECT aged FROM stage.customer", 'Binder Error: Referenced column "aged" not found'),
        ("DROP TABLE stage.customer", "only SELECT is allowed here"),
        ("SELECT '[/x]' FROM [/x]", "this is not Athena SQL at line 1"),
        ("SELECT * FROM read_csv('/etc/passwd')", "PermissionException"),
    ],
)
def test_a_refused_query_has_its_reason_first_and_on_one_line(
    home: Path, query: str, reason: str
) -> None:
    ran = CliRunner().invoke(app, ["sql", query, "--home", str(home)])
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert ran.stderr.startswith(reason)
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("encoding", "output"),
    [
        ("cp1252", "table"),
        ("ascii", "csv"),
        ("cp1252", "json"),
        pytest.param("ascii", "table", marks=pytest.mark.slow),
        pytest.param("cp1252", "csv", marks=pytest.mark.slow),
        pytest.param("ascii", "json", marks=pytest.mark.slow),
    ],
)
def test_what_an_encoding_lacks_is_escaped(home: Path, encoding: str, output: str) -> None:
    query = "SELECT 'učitel' AS who"
    ran = customer360("sql", query, "--home", home, "--format", output, encoding=encoding)
    assert (ran.code, ran.err) == (0, "")
    assert r"u\u010ditel" in ran.out


def test_a_csv_of_many_rows_is_whole(home: Path) -> None:
    query = (
        "SELECT a.n * 1000 + b.n AS n FROM UNNEST(sequence(0, 99)) AS a (n) "
        "CROSS JOIN UNNEST(sequence(0, 999)) AS b (n)"
    )
    rows = list(csv.reader(io.StringIO(sql(home, query, "--format", "csv"))))
    assert rows[0] == ["n"]
    assert sorted(int(n) for (n,) in rows[1:]) == list(range(100_000))


@pytest.mark.parametrize("command", [["sql", "SELECT count(*) FROM stage.customer"], ["tables"]])
def test_what_takes_long_to_import_is_left_out(home: Path, command: list[str]) -> None:
    code = (
        "import sys\n"
        "from customer360_assets.cli.main import app\n"
        "app(sys.argv[1:], standalone_mode=False)\n"
        "print(sorted({'dagster', 'pandera', 'pyspark'} & set(sys.modules)))"
    )
    arguments = [sys.executable, "-c", code, *command, "--home", str(home)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_table_of_an_older_release_is_read_by_its_contract(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resources.iceberg.base.READS", "not.written.then")
    assert sql(home, "SELECT count(*) AS n FROM stage.customer", "--format", "csv") == "n\n2\n"
    assert sql(home, "SELECT count(*) AS n FROM stage.transaction", "--format", "csv") == "n\n2\n"


def test_the_tables_with_rows_and_dates(home: Path) -> None:
    ran = CliRunner().invoke(app, ["tables", "--home", str(home)])
    assert [line.split()[:5] for line in ran.stdout.splitlines()[2:]] == [
        ["stage.customer", "3", "2", "2024-05-22", "2024-05-23"],
        ["stage.transaction", "2", "2", "2024-05-22", "2024-05-23"],
    ]
    assert "One row per CRM client and delivered snapshot" in ran.stdout
