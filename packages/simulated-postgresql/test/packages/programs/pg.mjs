import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
await pool.query(`create table if not exists accounts (
  id bigint generated always as identity primary key, owner text collate "default" not null unique,
  balance numeric(12, 2) not null default 0 check (balance >= 0), opened timestamptz not null default now())`)
for (const more of ['0', '100'])
  await pool.query(`create or replace view rich as select id, owner from accounts where balance > ${more}`)
await pool.query("insert into accounts (owner, balance) values ('ann', 150), ('bob', 20) on conflict do nothing")
const client = await pool.connect()
await client.query('begin')
await client.query('update accounts set balance = balance - $1 where owner = $2', ['0.50', 'ann'])
await client.query('update accounts set balance = balance + $1 where owner = $2', ['0.50', 'bob'])
await client.query('commit')
console.log((await client.query('select * from rich order by id')).rows)
console.log((await client.query({ name: 'all', text: 'select owner, balance from accounts order by id' })).rows)
await client.query('listen news')
const heard = new Promise((resolve) => client.once('notification', resolve))
await pool.query("select pg_notify('news', 'hello')")
console.log((await heard).payload)
await client.query('update accounts set balance = -1').catch(({ code, constraint }) => console.log(code, constraint))
client.release()
await pool.end()
