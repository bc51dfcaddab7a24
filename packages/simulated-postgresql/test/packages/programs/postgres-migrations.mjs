import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { migrate } from 'postgres-migrations'

const directory = mkdtempSync(join(tmpdir(), 'migrations-'))
writeFileSync(
  join(directory, '1_first.sql'),
  'create table users (id int primary key, name text collate "default"); create index on users (name); insert into users values (1, \'ann\');',
)
writeFileSync(
  join(directory, '2_second.sql'),
  '-- postgres-migrations disable-transaction\ncreate index concurrently by_name on users (name);',
)
writeFileSync(
  join(directory, '3_third.sql'),
  "do $$ begin if not exists (select from users where id = 2) then insert into users values (2, 'bob'); end if; end $$;",
)
const client = new pg.Client(process.env.DATABASE_URL)
await client.connect()
console.log(
  (await migrate({ client }, directory)).map(({ name }) => name),
  (await migrate({ client }, directory)).length,
)
console.log((await client.query('select * from users order by id')).rows)
console.log((await client.query('select id, name from migrations order by id')).rows)
await client.end()
