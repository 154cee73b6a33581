# restored_server SQL1 SQL2: starts a server, has walbrook copy it, runs SQL1, has walbrook copy it again, restores the
# server to the state before SQL1, and runs SQL2. With as_standby=1 it is restored as a standby. $R is its conninfo string.
R="host=$HOME/restored port=5432 user=postgres dbname=postgres"
control() {
  local bin=${WALBROOK_PG_BIN:-$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)}
  local command=("$bin/pg_ctl" -D ~/restored/data -l ~/restored/server.log -w -s "$@")
  if [ "$(id -u)" -eq 0 ]; then (cd / && runuser -u postgres -- "${command[@]}"); else "${command[@]}"; fi < /dev/null
}
restored_server() {
  "$SOURCE/tools/demo-server" start ~/restored > /dev/null
  psql -qX "$R" -c "CREATE TABLE t(id int PRIMARY KEY)" -c "INSERT INTO t VALUES (1)"
  walbrook run --source "$R" > /dev/null 2>&1
  control stop
  cp -a ~/restored/data ~/restored/before
  control start
  psql -qX "$R" -c "$1"
  walbrook run --source "$R" > /dev/null 2>&1
  control stop
  rm -r ~/restored/data
  mv ~/restored/before ~/restored/data
  if [ -n "${as_standby:-}" ]; then cp -a ~/restored/data/PG_VERSION ~/restored/data/standby.signal; fi
  control start
  if [ -n "$2" ]; then
    echo "$2" | tr ';' '\n' | while read -r statement; do psql -qX "$R" -c "$statement" > /dev/null; done
  fi
}
