import pgPromise from 'pg-promise'

const pgp = pgPromise()
const db = pgp(process.env.DATABASE_URL)
for (const _ of [1, 2])
  await db.none('create table if not exists $1:name (id serial primary key, name text, n int)', ['things'])
const columns = new pgp.helpers.ColumnSet(['name', 'n'], { table: 'things' })
await db.none(
  pgp.helpers.insert(
    [
      { name: 'a', n: 1 },
      { name: 'b', n: 2 },
    ],
    columns,
  ),
)
await db.none(`${pgp.helpers.update([{ name: 'a', n: 5 }], ['?name', 'n'], 'things')} where v.name = t.name`)
console.log(
  await db.tx((t) =>
    t.batch([
      t.one('select count(*) from things'),
      t.any('select name, n from things where n in ($1:csv) order by id', [[5, 2]]),
    ]),
  ),
)
console.log(await db.task((t) => t.multi('select 1 as a; select $1 as b', ['x'])))
await db.one('select * from things where id = -1').catch((error) => console.log(error.message))
pgp.end()
