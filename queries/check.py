"""Checks the types of every statement here with GoogleSQL's own analyser, against what a log sink makes of the nodes'
records and of the published system's. Needs PyPI's zetasql: `just queries` makes a virtual environment for it."""

import pathlib
import sys

from zetasql.api import Analyzer, CatalogBuilder, TableBuilder, TypeFactory
from zetasql.types import AnalyzerOptions, LanguageOptions, TypeKind, ZetaSQLBuiltinFunctionOptions

STRING, FLOAT, TIME = TypeKind.TYPE_STRING, TypeKind.TYPE_DOUBLE, TypeKind.TYPE_TIMESTAMP
SEED = {
    "message": STRING, "sender_id": STRING, "receiver_id": STRING, "received_timestamp": FLOAT,
    "propagation_time": FLOAT, "event_type": STRING, "detail": STRING,
}
SINK = SEED | {
    "run_id": STRING, "round": FLOAT, "nodes": FLOAT, "protocol": STRING, "condition": STRING, "hop": FLOAT,
    "sent_ns": STRING, "received_ns": STRING, "send_id": STRING, "seq": FLOAT, "process": STRING, "host": STRING,
    "bytes": FLOAT, "format": FLOAT, "reason": STRING, "incarnation": FLOAT, "clock": STRING, "topic": STRING,
}
PARAMETERS = {"run_ids": [STRING], "prefixes": [STRING], "since": TIME, "until": TIME}


OUTPUT = {
    "arrivals": [("event_type", "STRING"), ("entries", "INT64"), ("last_us", "INT64"), ("lag_s", "INT64")],
    "records": [("record", "STRING"), ("received", "INT64"), ("copies", "INT64")],
    "runs": [("run_id", "STRING")] + [
        (name, "INT64") for name in ("first_us", "last_us", "nodes", "rounds", "entries", "delivered")],
}
TABLE = "study.gke_logs.stdout"


def type_of(kind):
    """The type of a column: a kind, a list of one kind, or a struct's fields."""
    if isinstance(kind, list):
        return TypeFactory.create_array_type(type_of(kind[0]))
    if isinstance(kind, dict):
        return TypeFactory.create_struct_type([(name, type_of(field)) for name, field in kind.items()])
    return TypeFactory.create_simple_type(kind)


def analyser(payload):
    """GoogleSQL over a sink's table with such a payload."""
    columns = {
        "logName": STRING, "textPayload": STRING, "timestamp": TIME, "receiveTimestamp": TIME, "severity": STRING,
        "insertId": STRING, "jsonPayload": payload, "_PARTITIONTIME": TIME,
        "resource": {"type": STRING, "labels": {"namespace_name": STRING, "pod_name": STRING}},
    }
    table = TableBuilder(TABLE)
    for name, kind in columns.items():
        table.add_column(name, type_of(kind))
    language = LanguageOptions.maximum_features()
    functions = ZetaSQLBuiltinFunctionOptions(language_options=language)
    catalog = CatalogBuilder("bigquery").add_table(table.build()).with_builtin_functions(functions).build()
    parameters = [
        AnalyzerOptions.QueryParameter(name=name, type=type_of(kind)) for name, kind in PARAMETERS.items()]
    return Analyzer(AnalyzerOptions(language_options=language, query_parameters=parameters), catalog)


def columns_of(statement):
    """Names and types of a statement's columns."""
    return [(column.name, column.column.type.type_kind.name.removeprefix("TYPE_"))
            for column in statement.output_column_list]


def check(path, schema, payload):
    """What is wrong with a statement; nothing where it is sound."""
    sql = path.read_text().replace("{table}", TABLE)
    try:
        found = columns_of(analyser(payload).analyze_statement(sql))
    except Exception as error:  # Whatever the analyser raises is what is to be told.
        return f"{path.name} against the {schema} schema: {error}"
    wanted = OUTPUT[path.stem.removesuffix("_by_ingestion")]
    return None if found == wanted else f"{path.name}: its columns are {found}, not {wanted}"


def main():
    here = pathlib.Path(__file__).parent
    statements = sorted(here.glob("*.sql"))
    wrong = [check(path, schema, payload)
             for path in statements for schema, payload in (("sink's", SINK), ("published system's", SEED))]
    # An analyser that takes everything would prove nothing.
    if check_text("SELECT jsonPayload.nope FROM `{table}`"):
        wrong.append("a column that is not there was not noticed")
    for line in filter(None, wrong):
        print(line, file=sys.stderr)
    print(f"{len(statements)} statements, two schemas")
    return 1 if any(wrong) else 0


def check_text(sql):
    """Whether the analyser takes a statement."""
    try:
        analyser(SEED).analyze_statement(sql.replace("{table}", TABLE))
    except Exception:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
