# shellcheck shell=bash
# The functions and variables that ../messages.sh uses; see there.
# shellcheck disable=SC2034  # messages.sh uses it
S=postgresql://loader@db.example.com/shop
admin() { psql -qX -v ON_ERROR_STOP=1 -o /dev/null "$ADMIN" -c "$1"; }
shop() { source "$SETUP/any.sh"; }
