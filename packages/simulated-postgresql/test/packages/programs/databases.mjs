import connect, { sql } from '@databases/pg'

const db = connect({ connectionString: process.env.DATABASE_URL, bigIntMode: 'number' })
for (const _ of [1, 2])
  await db.query(sql`create table if not exists users (id bigserial primary key, name text unique, born date)`)
await db.tx(async (tx) => {
  await tx.query(
    sql`insert into users (name, born) values (${'ann'}, ${'2000-01-02'}), ('bob', null) on conflict (name) do update set born = excluded.born`,
  )
})
console.log(
  await db.query(
    sql`select name, born::text from users where name in (${sql.join(
      ['ann', 'bob'].map((n) => sql`${n}`),
      ', ',
    )}) order by name`,
  ),
)
console.log(await db.query([sql`select count(*) from users`, sql`select 1 as one`]))
await db.query(sql`selec`).catch(({ code }) => console.log(code))
await db.dispose()
