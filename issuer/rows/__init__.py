"""Class lists: CSV or XLSX bytes -> rows and faults, with line numbers of the user's own file."""

from issuer.rows.columnmap import ColumnMap, parse_column_map
from issuer.rows.export import errors_csv
from issuer.rows.model import ClassList, Row, RowFault
from issuer.rows.reading import read_class_list
from issuer.rows.single import read_one_name, read_one_reference

__all__ = [
    "ClassList",
    "ColumnMap",
    "Row",
    "RowFault",
    "errors_csv",
    "parse_column_map",
    "read_class_list",
    "read_one_name",
    "read_one_reference",
]
