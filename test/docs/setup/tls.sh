# shellcheck shell=bash
# Enables TLS in the server, with a new authority and a certificate for db.example.com.
certificates=$SERVER/data
key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
# shellcheck disable=SC2086  # options
{
  openssl req -x509 $key -days 2 -subj '/CN=Shop CA' -keyout "$certificates/ca.key" -out ~/shop-ca.pem
  openssl req $key -subj '/CN=db.example.com' -keyout "$certificates/server.key" -out "$certificates/server.csr"
  openssl x509 -req -days 2 -in "$certificates/server.csr" -CA ~/shop-ca.pem -CAkey "$certificates/ca.key" \
    -CAcreateserial -CAserial "$certificates/ca.srl" -out "$certificates/server.crt" \
    -extfile <(echo 'subjectAltName = DNS:db.example.com')
} >"$certificates/openssl.log" 2>&1 || cat "$certificates/openssl.log"
chmod 600 "$certificates/server.key"
chown --reference="$certificates" "$certificates/server.key" "$certificates/server.crt"
psql -qX "$ADMIN" -c "ALTER SYSTEM SET ssl = on" -c "SELECT pg_reload_conf()" -o /dev/null
