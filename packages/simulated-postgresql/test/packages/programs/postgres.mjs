import postgres from 'postgres'

const sql = postgres(process.env.DATABASE_URL, { onnotice() {}, max: 2 })
await sql`create table if not exists items (id serial primary key, name text unique, tags text[], data jsonb)`
const items = [
  { name: 'pen', tags: ['a', 'b'], data: { price: 1 } },
  { name: 'ink', tags: [], data: { price: 2 } },
]
for (const item of items)
  await sql`insert into items ${sql(item)} on conflict (name) do update set data = excluded.data`
console.log(await sql`select name, tags, data from items where name in ${sql(['pen', 'ink'])} order by name`)
const moved = await sql.begin('isolation level repeatable read', async (tx) => {
  await tx.savepoint((s) => s`update items set data = jsonb_set(data, '{price}', '9') where name = 'pen'`)
  return tx`select data->'price' as price from items where name = 'pen' for update`
})
console.log(moved[0].price)
await sql`select nothing from items`.catch(({ code, message }) => console.log(code, message))
for await (const rows of sql`select generate_series(1, 5) as n`.cursor(2)) console.log(rows.map(({ n }) => n))
await sql.end()
