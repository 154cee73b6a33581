# What messages.sh needs; see there.
S=postgresql://loader@db.example.com/shop
admin() { psql -qX -v ON_ERROR_STOP=1 -o /dev/null "$ADMIN" -c "$1"; }
shop() { source "$SETUP/any.sh"; }
