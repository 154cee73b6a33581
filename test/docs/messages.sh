# Commands that produce each message of docs/troubleshooting.md: "### EXIT-CODE MESSAGE", then commands that run in an
# empty folder with an empty database "shop". The output must contain the message, in which "…" matches any text. `shop`
# fills the database and writes its loader's password to ~/.pgpass; `admin SQL…` is a superuser's psql, $S is the loader's
# URL.

### 2 .walbrook/config.toml:2: unknown key pipelines.shop.slotname
mkdir .walbrook && printf '[pipelines.shop]\nslotname = "x"\n' > .walbrook/config.toml
walbrook run

### 2 .walbrook/config.toml:2: load.batch_rows must be a number, without quotes
mkdir .walbrook && printf '[load]\nbatch_rows = "10"\n' > .walbrook/config.toml
walbrook run

### 2 .walbrook/config.toml:2: this is not TOML
mkdir .walbrook && printf '[load]\nlog_level = info\n' > .walbrook/config.toml
walbrook run

### 2 --destination "postgres" is not a known destination
walbrook run --source $S --destination postgres

### 2 md:shop needs a token of MotherDuck, and none is set
walbrook check --source $S --destination md:shop

### 2 the destination "ducklake:?data_path=lake" names no catalog
walbrook run --source $S --destination 'ducklake:?data_path=lake'

### 2 --at, and the destination keeps no snapshots
walbrook sql --destination shop.duckdb --at 0/1A2B3C8 "FROM orders"

### 2 PUBLIC.orders may be any of several tables whose names differ by case alone
shop
admin 'CREATE SCHEMA "Public"; CREATE TABLE "Public".orders(id int PRIMARY KEY)'
walbrook check --source $S --table PUBLIC.orders

### 2 .walbrook/secrets.toml:7: please set me up! database, username, password, host are still to be filled in
walbrook init > /dev/null
walbrook run

### 2 unknown pipeline "shop"
walbrook run shop

### 2 there are several pipelines, and none was named
mkdir .walbrook && printf '[pipelines.a]\n[pipelines.b]\n' > .walbrook/config.toml
walbrook run

### 2 slot_name of pipeline My-Shop, which is not set, "My-Shop" is not a name that PostgreSQL allows for a slot
mkdir .walbrook && printf '[pipelines.My-Shop]\n' > .walbrook/config.toml
walbrook run

### 2 ….password_command ended with exit code 1
mkdir .walbrook && printf '[sources.pg_replication.credentials]\npassword_command = "false"\n' > .walbrook/config.toml
walbrook run

### 2 … is not a connection string that libpq can read
SOURCES__PG_REPLICATION__CREDENTIALS='postgresql://loader:50%@db.example.com/shop' walbrook run

### 2 --source has a parameter that libpq does not know: ssl_mode
walbrook run --source "postgresql://loader@db.example.com/shop?ssl_mode=require"

### 2 walbrook accepts no password as a flag (--password)
walbrook run --source postgresql://loader@db.example.com/shop --password secret

### 2 .walbrook/secrets.toml cannot be read: it holds more than 1048576 bytes
mkdir .walbrook && ln -s /dev/zero .walbrook/secrets.toml
walbrook run

### 2 .walbrook/config.toml:1: a key has more parts than 64
mkdir .walbrook && printf 'a%.0s.' $(seq 100) > .walbrook/config.toml && echo 'a = 1' >> .walbrook/config.toml
walbrook run

### 2 local user with ID … does not exist
mkdir own && chmod 711 . && chown 54321 own && cd own
setpriv --reuid 54321 --clear-groups env -u HOME -u XDG_RUNTIME_DIR -u PGUSER walbrook run --source "host=db.example.com dbname=shop" --destination shop.duckdb

### 2 the destination "duckdb:///shop.duckdb" is relative to the current folder, which was deleted
mkdir gone && cd gone && rmdir ../gone
walbrook run --source postgresql://loader@db.example.com/shop

### 2 --dataset "information_schema" is DuckDB's own: no table can be created in it
walbrook run --source postgresql://loader@db.example.com/shop --dataset information_schema

### 0 .walbrook/secrets.toml can be read by others
mkdir .walbrook && printf '[load]\nretries = 3\n' > .walbrook/secrets.toml && chmod 644 .walbrook/secrets.toml
walbrook config

### 2 unknown source "mysql"
walbrook init mysql duckdb

### 2 unknown destination "snowflake"
walbrook init pg_replication snowflake

### 4 .walbrook cannot be written
touch .walbrook
walbrook init

### 3 cannot connect to db.example.com:5433/shop as loader: Connection refused
walbrook run --startup-timeout 0 --source postgresql://loader@db.example.com:1/shop 2>&1 | sed 's/:1\//:5433\//'
exit_code=${PIPESTATUS[0]}

### 3 …; waited 1 s for it
walbrook run --startup-timeout 1 --source postgresql://loader@db.example.com:1/shop

### 3 password authentication failed for user "loader"
shop
PGPASSWORD=wrong walbrook run --source $S

### 3 no password supplied
shop
rm ~/.pgpass
walbrook run --source $S

### 3 no pg_hba.conf entry for host
shop
cp $SERVER/data/pg_hba.conf hba
echo 'host all postgres all trust' > $SERVER/data/pg_hba.conf && admin "SELECT pg_reload_conf()"
for try in $(seq 50); do psql -qX "$S" -c "" 2>/dev/null || break; done
walbrook run --source $S
exit_code=$?
cat hba > $SERVER/data/pg_hba.conf && admin "SELECT pg_reload_conf()"

### 3 role "nobody" does not exist
walbrook run --source postgresql://nobody@db.example.com/shop

### 3 database "shopp" does not exist
shop
walbrook run --source ${S}p

### 3 server does not support SSL, but SSL was required
shop
walbrook run --source "$S?sslmode=require"

### 3 root certificate file "/home/you/shop-ca.pem" does not exist
shop
source "$SETUP/tls.sh"; rm ~/shop-ca.pem
for try in $(seq 50); do psql -qX "$S?sslmode=require" -c "" 2>/dev/null && break; done
walbrook run --source "$S?sslmode=verify-full&sslrootcert=/home/you/shop-ca.pem"
exit_code=$?
admin "ALTER SYSTEM RESET ssl" && admin "SELECT pg_reload_conf()"

### 3 certificate verify failed
shop
source "$SETUP/tls.sh"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj '/CN=Another CA' -keyout other.key -out other.pem 2> /dev/null
for try in $(seq 50); do psql -qX "$S?sslmode=require" -c "" 2>/dev/null && break; done
walbrook run --source "$S?sslmode=verify-full&sslrootcert=/home/you/other.pem"
exit_code=$?
admin "ALTER SYSTEM RESET ssl" && admin "SELECT pg_reload_conf()"

### 3 server certificate for "db.example.com" … does not match host name "127.0.0.1"
shop
source "$SETUP/tls.sh"
for try in $(seq 50); do psql -qX "$S?sslmode=require" -c "" 2>/dev/null && break; done
walbrook run --source "postgresql://loader@127.0.0.1/shop?sslmode=verify-full&sslrootcert=/home/you/shop-ca.pem"
exit_code=$?
admin "ALTER SYSTEM RESET ssl" && admin "SELECT pg_reload_conf()"

### 3 connection requires a valid client certificate
shop
source "$SETUP/tls.sh"
hba=$SERVER/data/pg_hba.conf
cp "$hba" hba
cp ~/shop-ca.pem "$SERVER/data/root.crt"; chown --reference="$hba" "$SERVER/data/root.crt"
echo "hostssl all loader all cert" | cat - hba > "$hba"
admin "ALTER SYSTEM SET ssl_ca_file = 'root.crt'" && admin "SELECT pg_reload_conf()"
for try in $(seq 50); do psql -qX "$S?sslmode=require" -c "" 2>/dev/null || break; done
walbrook run --source "$S?sslmode=require"
exit_code=$?
cat hba > "$hba"
admin "ALTER SYSTEM RESET ssl" && admin "ALTER SYSTEM RESET ssl_ca_file" && admin "SELECT pg_reload_conf()"
for try in $(seq 50); do psql -qX "$S" -c "" 2>/dev/null && break; done

### 3 must be superuser or replication role to start walsender
shop
admin "ALTER ROLE loader NOREPLICATION"
walbrook run --source $S
exit_code=$?
admin "ALTER ROLE loader REPLICATION"

### 3 wal_level is replica; logical is needed
(unset PGHOSTADDR PGPORT
"$SOURCE/tools/demo-server" start ~/small wal_level=replica > /dev/null
walbrook check --source "host=$HOME/small port=5432 user=postgres dbname=postgres")
exit_code=$?
"$SOURCE/tools/demo-server" stop ~/small

### 3 this is cluster …, but the replica was copied from cluster …
shop
walbrook run --source $S
(unset PGHOSTADDR PGPORT
"$SOURCE/tools/demo-server" start ~/other > /dev/null
psql -qX "host=$HOME/other port=5432 user=postgres dbname=postgres" -c "CREATE DATABASE shop"
walbrook run --source "host=$HOME/other port=5432 user=postgres dbname=shop" --destination duckdb:///shop.duckdb)
exit_code=$?
"$SOURCE/tools/demo-server" stop ~/other

### 3 the server is at …, the replica is already at …: it is an older state of the source
unset PGHOSTADDR PGPORT
source "$SETUP/restored.sh"
restored_server "INSERT INTO t SELECT generate_series(2, 5000)" ""
walbrook run --source "$R"
exit_code=$?
"$SOURCE/tools/demo-server" stop ~/restored

### 3 the source is not in the state that the replica was copied from, which is at …
unset PGHOSTADDR PGPORT
source "$SETUP/restored.sh"
restored_server "INSERT INTO t VALUES (2)" "INSERT INTO t SELECT generate_series(3, 5000)"
walbrook run --source "$R"
exit_code=$?
"$SOURCE/tools/demo-server" stop ~/restored

### 3 the failover lost changes that the replica has
unset PGHOSTADDR PGPORT
source "$SETUP/restored.sh"
as_standby=1
restored_server "INSERT INTO t VALUES (2)" "SELECT pg_promote(); INSERT INTO t SELECT generate_series(3, 5000)"
walbrook run --source "$R"
exit_code=$?
"$SOURCE/tools/demo-server" stop ~/restored

### 3 0 of 10 replication slots are free; 2 are needed
shop
admin "SELECT pg_create_logical_replication_slot('s' || n, 'pgoutput') FROM generate_series(1, 10) n"
walbrook run --source $S

### 5 table public.late could not be copied, the others continue: creating slot walbrook_snapshot_…
shop
walbrook run --source $S
admin "CREATE TABLE late(id int PRIMARY KEY); ALTER TABLE late OWNER TO loader"
admin "SELECT pg_create_logical_replication_slot('s' || n, 'pgoutput') FROM generate_series(1, 9) n"
walbrook run --source $S

### 3 publication walbrook_shop does not exist, and role loader cannot create it: it lacks CREATE on database shop
shop
admin "REVOKE CREATE ON DATABASE shop FROM loader"
walbrook run --source $S

### 3 publication walbrook_shop does not exist, and role loader cannot create it: it does not own table public.orders (its owner is postgres)
shop
admin "ALTER TABLE orders OWNER TO postgres"
walbrook run --source $S

### 5 role loader may not read public.orders
shop
admin "ALTER TABLE orders OWNER TO postgres; CREATE PUBLICATION walbrook_shop FOR TABLE orders"
walbrook run --source $S

### 5 role loader lacks USAGE on schema sales
shop
admin "REVOKE USAGE ON SCHEMA sales FROM loader; CREATE PUBLICATION walbrook_shop FOR TABLE sales.items"
walbrook run --source $S

### 5 row-level security hides rows of public.orders from role loader
shop
admin "ALTER TABLE orders ENABLE ROW LEVEL SECURITY, OWNER TO postgres; GRANT SELECT ON orders TO loader; CREATE PUBLICATION walbrook_shop FOR TABLE orders"
walbrook run --source $S

### 0 UPDATE and DELETE of public.log will fail AT THE SOURCE while it is published: it has no primary key
shop
admin "CREATE TABLE log (what text); GRANT SELECT ON log TO loader; CREATE PUBLICATION walbrook_shop FOR TABLE log"
walbrook check --source $S

### 0 publication walbrook_shop leaves out public.log, because UPDATE and DELETE would fail AT THE SOURCE: it has no primary key
shop
admin "CREATE TABLE log (what text); ALTER TABLE log OWNER TO loader"
walbrook check --source $S

### 5 table public.sale is suspended, the others continue: its partitions have different replica identities
shop
admin "CREATE TABLE sale (id int, year int, PRIMARY KEY (id, year)) PARTITION BY LIST (year); CREATE TABLE sale_1 PARTITION OF sale FOR VALUES IN (1); CREATE TABLE sale_2 PARTITION OF sale FOR VALUES IN (2); ALTER TABLE sale_2 REPLICA IDENTITY FULL; GRANT SELECT ON sale TO loader; CREATE PUBLICATION walbrook_shop FOR TABLE sale WITH (publish_via_partition_root = true)"
walbrook run --source $S

### 0 publication walbrook_shop leaves out DELETE: such changes do not reach the replica
shop
admin "CREATE PUBLICATION walbrook_shop FOR TABLE orders WITH (publish = 'insert, update, truncate')"
walbrook check --source $S

### 3 table public.customers is not in publication walbrook_shop
shop
admin "CREATE PUBLICATION walbrook_shop FOR TABLE orders"
walbrook run --source $S --table customers

### 3 table public.nothing does not exist
shop
walbrook run --source $S --table nothing

### 5 table public.measure could not be copied, the others continue: … out of shared memory
shop
admin "CREATE TABLE measure(id int PRIMARY KEY) PARTITION BY RANGE (id)"
admin "DO \$\$BEGIN FOR i IN 0..399 LOOP EXECUTE format('CREATE TABLE measure_%s PARTITION OF measure FOR VALUES FROM (%s) TO (%s)', i, i, i + 1); END LOOP; END\$\$"
admin "GRANT SELECT ON measure TO loader" && admin "CREATE PUBLICATION walbrook_shop FOR TABLE customers, measure WITH (publish_via_partition_root = true)"
psql -qAtX "$ADMIN" -c "SELECT count(pg_advisory_lock(g)) FROM generate_series(1, 1000000) g" \
  -c "SELECT count(pg_advisory_unlock(g)) FROM generate_series(1, 250) g" -c "SELECT pg_sleep(60)" > /dev/null 2>&1 &
for try in $(seq 100); do psql -AtX "$ADMIN" -c "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%'" 2> /dev/null | grep -q 2 && break; sleep 0.05; done
walbrook run --source $S
exit_code=$?
admin "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()"; wait

### 3 slot walbrook_shop is read by another process, PID 4711 of the server
shop
walbrook run --source $S
walbrook run --source $S --follow > log 2>&1 &
for try in $(seq 100); do psql -AtX "$ADMIN" -c "SELECT active FROM pg_replication_slots" | grep -q t && break; sleep 0.05; done
for try in 1 2 3 4 5; do  # if the follower advances the slot at that moment, another message comes
  walbrook run --source $S --destination duckdb:///another$try.duckdb --adopt-slot --slot-timeout 0 > out 2>&1
  exit_code=$?
  grep -q "is read by another" out && break
done
cat out
kill %1; wait

### 3 slot walbrook_shop does not exist, but the replica is at …: the changes since then cannot be read
shop
walbrook run --source $S
admin "SELECT pg_drop_replication_slot('walbrook_shop')"
walbrook run --source $S

### 3 slot walbrook_shop was invalidated by the server: the write-ahead log it needs was removed (max_slot_wal_keep_size)
shop
walbrook run --source $S
admin "ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'" && admin "SELECT pg_reload_conf()"
for segment in 1 2 3; do admin "INSERT INTO customers VALUES (10 + $segment, 'x')" && admin "SELECT pg_switch_wal()"; done
admin "CHECKPOINT"
walbrook run --source $S
exit_code=$?
admin "ALTER SYSTEM RESET max_slot_wal_keep_size" && admin "SELECT pg_reload_conf()"

### 3 slot walbrook_shop is at …, ahead of the replica, which is at …: the changes between them are gone
shop
walbrook run --source $S
cp shop.duckdb older
admin "INSERT INTO customers VALUES (3, 'Barbara')"
walbrook run --source $S
cp older shop.duckdb
walbrook run --source $S

### 3 slot walbrook_shop belongs to database shop, not to postgres
shop
admin "SELECT pg_create_logical_replication_slot('walbrook_shop', 'pgoutput')"
walbrook run --source postgresql://loader@db.example.com/postgres --slot walbrook_shop

### 3 slot walbrook_shop uses the output plugin test_decoding, not pgoutput
shop
admin "SELECT pg_create_logical_replication_slot('walbrook_shop', 'test_decoding')"
walbrook run --source $S

### 3 slot walbrook_shop exists already, and the destination does not know it
shop
walbrook run --source $S
walbrook run --source $S --destination duckdb:///another.duckdb

### 3 publication walbrok does not exist, but the replica was copied from publication walbrook_shop
shop
walbrook run --source $S
walbrook run --source $S --publication walbrok

### 3 publication walbrook_shop does not exist, but slot walbrook_shop exists
shop
admin "SELECT pg_create_logical_replication_slot('walbrook_shop', 'pgoutput')"
walbrook run --source $S --adopt-slot

### 3 publication stock does not exist, but several were named: none of them is created then
shop
admin 'CREATE PUBLICATION sales FOR TABLE orders'
walbrook run --source $S --publication sales,stock

### 3 publication stock was created after changes that slot walbrook_shop has yet to send, and PostgreSQL 15 cannot decode these with it
shop
walbrook run --source $S
admin "INSERT INTO customers VALUES (3, 'Barbara')"
admin 'CREATE PUBLICATION stock FOR TABLE customers'
walbrook run --source $S --publication walbrook_shop,stock

### 3 publications a, b publish different columns of public.orders, which PostgreSQL refuses to send
shop
admin 'CREATE PUBLICATION a FOR TABLE orders (id); CREATE PUBLICATION b FOR TABLE orders'
walbrook run --source $S --publication a,b

### 0 waiting for the end of transactions that are writing in the source: …
shop
admin "BEGIN; INSERT INTO customers VALUES (3, 'Barbara'); SELECT pg_sleep(3); COMMIT" &
sleep 0.3
walbrook run --source $S

### 5 table public.secret is suspended
shop
admin "CREATE TABLE secret (id int PRIMARY KEY); ALTER TABLE orders OWNER TO postgres; GRANT SELECT ON orders TO loader; CREATE PUBLICATION walbrook_shop FOR TABLE orders"
walbrook run --source $S --follow > log 2>&1 &
for try in $(seq 100); do grep -q "streaming\|copied" log && break; sleep 0.05; done
admin "ALTER PUBLICATION walbrook_shop ADD TABLE secret"
for try in $(seq 200); do grep -q "is suspended" log && break; sleep 0.05; done
kill %1; wait %1
exit_code=$?
cat log

### 5 the server cannot send the transaction that commits at …
shop
admin "CREATE TYPE mood AS ENUM ('calm'); CREATE TABLE feelings (id int PRIMARY KEY, mood mood, n int); INSERT INTO feelings VALUES (1, 'calm', 0); CREATE PUBLICATION walbrook_shop FOR TABLE feelings; GRANT SELECT ON feelings TO loader"
walbrook run --source $S
admin "CREATE TEMP TABLE kept AS SELECT * FROM pg_enum WHERE enumlabel = 'calm'; DELETE FROM pg_enum WHERE enumlabel = 'calm'; UPDATE feelings SET n = 1; INSERT INTO pg_enum(oid, enumtypid, enumsortorder, enumlabel) SELECT oid, enumtypid, enumsortorder, enumlabel FROM kept"
walbrook run --source $S

### 2 nothing is skipped: no transaction commits at …
shop
walbrook run --source $S
admin "INSERT INTO customers VALUES (3, 'Barbara')"
walbrook run --source $S --skip-transaction $(psql -qAtX "$ADMIN" -c "SELECT pg_current_wal_insert_lsn() - 1")

### 5 transaction … is open and does not fit: the spool is full: it would hold 63952 bytes, 4096 are allowed
shop
walbrook run --source $S
admin "INSERT INTO customers SELECT n, repeat('x', 100) FROM generate_series(10, 5000) n"
walbrook run --source $S --max-spool-size 4kB --logical-decoding-work-mem 64kB --batch-bytes 64kB

### 4 the destination /home/you/shop.duckdb is locked by …
shop
walbrook run --source $S --follow > log 2>&1 &
for try in $(seq 100); do walbrook status --source $S 2>/dev/null | grep -q streaming: && break; sleep 0.05; done
walbrook run --source $S
exit_code=$?
kill %1; wait

### 4 the destination /home/you/shop.duckdb was removed while it was written
shop
walbrook run --source $S --follow > log 2>&1 &
for try in $(seq 100); do walbrook status --source $S 2>/dev/null | grep -q streaming: && break; sleep 0.05; done
rm shop.duckdb
wait %1
exit_code=$?
cat log

### 4 the destination's folder /home/you/none does not exist
shop
walbrook run --source $S --destination duckdb:////home/you/none/shop.duckdb

### 4 the destination /home/you/shop.duckdb does not exist
walbrook sql --destination duckdb:///shop.duckdb "SELECT 1"

### 4 the destination /home/you/shop.duckdb is not a DuckDB database
shop
head -c 20000 /dev/zero > shop.duckdb
walbrook run --source $S

### 4 the destination /home/you/shop.duckdb is encrypted, and walbrook gives DuckDB no key
# 20 bytes of a header with its checksum: "DUCK", a storage version, a flag
printf '\041\147\176\377\261\244\215\031DUCK\100\0\0\0\0\0\0\0\001' > shop.duckdb && truncate -s 20000 shop.duckdb
shop
walbrook run --source $S

### 4 the destination /home/you/shop.duckdb was written by another version of DuckDB
shop
printf '\041\147\176\377\123\251\264\370DUCK\143' > shop.duckdb && truncate -s 20000 shop.duckdb
walbrook run --source $S

### 4 the extension motherduck of DuckDB, which md:shop needs, is not there (/home/you/….duckdb_extension is missing)
shop
touch taken
MOTHERDUCK_TOKEN=x DESTINATION__DUCKDB__EXTENSION_DIRECTORY=taken walbrook run --source $S --destination md:shop

### 4 This process may write files of 1000 kB at most (ulimit -f): raise the limit.
shop
admin "INSERT INTO customers SELECT n, (SELECT string_agg(md5(n || '.' || m), '') FROM generate_series(1, 40) m) FROM generate_series(10, 5000) n"
(ulimit -f 1000; LOAD__RETRIES=1 walbrook run --source $S)

### 1 no further thread can be started
shop
(ulimit -v 100000; walbrook run --source $S)

### 4 the destination /home/you/shop.duckdb does not exist, but its log /home/you/shop.duckdb.wal does
shop
echo "commits that are in no file" > shop.duckdb.wal
walbrook run --source $S

### 4 the log of the destination /home/you/shop.duckdb cannot be replayed
shop
walbrook run --source $S
admin "INSERT INTO customers VALUES (9, 'x')"
WALBROOK_FAULT=after_commit walbrook run --source $S
printf 'damaged damaged damaged' | dd of=shop.duckdb.wal bs=1 seek=300 conv=notrunc 2> /dev/null
walbrook run --source $S

### 4 the log /home/you/shop.duckdb.wal belongs to another file
shop
walbrook run --source $S
walbrook run --source $S --destination duckdb:///b.duckdb --slot b
admin "INSERT INTO customers VALUES (9, 'x')"
WALBROOK_FAULT=after_commit walbrook run --source $S --destination duckdb:///b.duckdb --slot b
mv b.duckdb.wal shop.duckdb.wal
walbrook run --source $S

### 5 public.orders already exists in shop.duckdb and belongs to pipeline "walbrook_shop"
shop
walbrook run --source $S
walbrook run --source $S --slot another --publication another --table orders

### 4 shop.duckdb holds nothing of pipeline "shop"
shop
walbrook run --source $S
walbrook pipeline shop info --destination duckdb:///shop.duckdb

### 4 nothing is dropped: a walbrook run holds …
shop
walbrook run --source $S --follow > log 2>&1 &
for try in $(seq 100); do walbrook status --source $S 2>/dev/null | grep -q streaming: && break; sleep 0.05; done
walbrook pipeline walbrook_shop drop --yes --source $S --destination duckdb:///shop.duckdb
exit_code=$?
kill %1; wait

### 4 the run at … does not answer: nothing arrived within 5 s
shop
walbrook run --source $S --follow > log 2>&1 &
for try in $(seq 100); do walbrook status --source $S 2>/dev/null | grep -q streaming: && break; sleep 0.05; done
kill -STOP $!
walbrook status --source $S
exit_code=$?
kill -CONT $!; kill %1; wait

### 2 the query was ended after 1 s
shop
walbrook run --source $S
walbrook sql --destination duckdb:///shop.duckdb --query-timeout 1 "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE hash(a.range, b.range) = 1"

### 2 the result has more than 100 rows
shop
walbrook run --source $S
walbrook sql --destination duckdb:///shop.duckdb --query-rows 100 "FROM range(101)"

### 2 the result is larger than 1 MB
shop
walbrook run --source $S
walbrook sql --destination duckdb:///shop.duckdb --query-bytes 1MB "SELECT repeat('x', 2000000)"

### 2 the query was ended: the process had more than 448 MB of memory while it ran
shop
walbrook run --source $S
walbrook sql --destination duckdb:///shop.duckdb --query-memory 64MB "SELECT length(repeat(repeat('x', 1000000), 200))"

### 2 the destination holds several pipelines, and none was named
shop
walbrook run --source $S --slot sales --publication sales --table orders --destination duckdb:///shop.duckdb
walbrook run --source $S --slot people --publication people --table orders --dataset people --destination duckdb:///shop.duckdb
walbrook status --destination duckdb:///shop.duckdb

### 2 nothing is resynced: this pipeline has no table public.ordrs
shop
walbrook run --source $S
walbrook resync ordrs --source $S

### 2 nothing is suspended: table public.orders is suspended by request already
shop
walbrook run --source $S
walbrook suspend orders --source $S
walbrook suspend orders --source $S

### 2 nothing is resumed: table public.orders is not suspended
shop
walbrook run --source $S
walbrook resume orders --source $S

### 2 nothing is resynced: table public.orders was removed (…)
shop
walbrook run --source $S
admin 'ALTER PUBLICATION walbrook_shop DROP TABLE orders'
walbrook run --source $S
walbrook resync orders --source $S

### 2 there is no terminal to ask for confirmation, so nothing is dropped
shop
walbrook run --source $S
walbrook pipeline walbrook_shop drop --source $S --destination duckdb:///shop.duckdb

### 2 only statements that read are allowed
shop
walbrook run --source $S
walbrook sql --destination duckdb:///shop.duckdb "DELETE FROM orders"

### 2 the table function read_csv is refused: it reads other files than this database
shop
walbrook run --source $S
walbrook sql --destination duckdb:///shop.duckdb "FROM read_csv('/etc/passwd')"

### 2 there is no table orders.csv, and files are not read here
shop
walbrook run --source $S
walbrook sql --destination duckdb:///shop.duckdb "FROM 'orders.csv'"

### 1 the result cannot be written to stdout: No space left on device
shop
walbrook run --source $S > /dev/full

### 4 standard output of this process is written to the destination …/shop.duckdb
shop
walbrook run --source $S
walbrook sql --destination duckdb:///shop.duckdb "FROM orders" >> shop.duckdb

### 3 slot walbrook_shop does not exist at db.example.com:5432/shop
shop
walbrook decode --source $S

### 3 publication walbrook_shop does not exist at db.example.com:5432/shop
shop
admin "SELECT pg_create_logical_replication_slot('walbrook_shop', 'pgoutput')"
walbrook decode --source $S

### 5 table public.t is suspect, its rows may differ from the source: …
shop
admin "CREATE TABLE t(id int PRIMARY KEY, v text); ALTER TABLE t OWNER TO loader; INSERT INTO t SELECT g, 'V' FROM generate_series(1, 1000) g"
walbrook run --source $S --destination duckdb:///t.duckdb > /dev/null 2>&1
admin "ALTER TABLE t ALTER v TYPE text USING lower(v)"
walbrook run --source $S --destination duckdb:///t.duckdb --resync-max-size 8192
