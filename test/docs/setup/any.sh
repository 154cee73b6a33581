# shellcheck shell=bash
# A shop with a loader that may read it, and a client that knows the password.
psql -qX -v ON_ERROR_STOP=1 "$ADMIN" -f "$SETUP/shop.sql"
echo '*:*:*:loader:s3cret' > ~/.pgpass && chmod 600 ~/.pgpass
