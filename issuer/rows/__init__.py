"""Class lists: CSV or XLSX bytes -> rows and faults, with line numbers of the user's own file."""

from issuer.rows.columnmap import ColumnMap, parse_column_map
from issuer.rows.export import errors_csv
from issuer.rows.model import ISSUE_ANEW, LEAVE_OUT, ClassList, Field, Record, Row, RowFault
from issuer.rows.reading import read_class_list
from issuer.rows.single import read_one_name, read_one_reference
from issuer.rows.table import Table, find_table, shown_cell

__all__ = [
    "ISSUE_ANEW",
    "LEAVE_OUT",
    "ClassList",
    "ColumnMap",
    "Field",
    "Record",
    "Row",
    "RowFault",
    "Table",
    "errors_csv",
    "find_table",
    "parse_column_map",
    "read_class_list",
    "read_one_name",
    "read_one_reference",
    "shown_cell",
]
