# shellcheck shell=bash
# A shop, its loader, and DuckDB's extensions for lakes (tools/install-ducklake).
source "$SETUP/any.sh"
mkdir -p ~/.duckdb && ln -sfn "$SOURCE/build/ducklake/extensions" ~/.duckdb/extensions
