import { createPool, sql } from 'slonik'

const pool = await createPool(process.env.DATABASE_URL)
const q = sql.unsafe
for (const _ of [1, 2])
  await pool.query(
    q`create table if not exists items (id serial primary key, name text, at timestamptz default now(), n int8)`,
  )
await pool.query(
  q`insert into items (name, n) select * from ${sql.unnest(
    [
      ['a', 1],
      ['b', 2],
    ],
    ['text', 'int8'],
  )}`,
)
await pool.transaction(async (tx) => {
  await tx.query(q`update items set n = n + 1 where name = ${'a'}`)
  await tx.transaction((inner) => inner.query(q`delete from items where n > ${10}`))
})
console.log(await pool.any(q`select name, n from items order by id`))
console.log(await pool.oneFirst(q`select count(*) from items where name = any(${sql.array(['a', 'b'], 'text')})`))
await pool.query(q`insert into items (id) values (1)`).catch((error) => console.log(error.name, error.constraint))
await pool.end()
