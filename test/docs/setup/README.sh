# shellcheck shell=bash
# The quickstart's shop.
psql -qX "$ADMIN" -c "CREATE ROLE shop LOGIN REPLICATION" -c "ALTER DATABASE shop OWNER TO shop" -c "ALTER SCHEMA public OWNER TO shop"
psql -qX -v ON_ERROR_STOP=1 "host=127.0.0.1 user=shop dbname=shop" -f "$SOURCE/tools/demo/shop.sql"
