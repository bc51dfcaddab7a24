import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ran as ranAlone, serving } from '../../../../testing/src/simulated.ts'

function ran(program: string): ReturnType<typeof ranAlone> {
  const folder = mkdtempSync(join(tmpdir(), 'chaos-schema-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const sql = join(folder, 'schema.sql')
  writeFileSync(
    sql,
    `CREATE TABLE accounts (id serial PRIMARY KEY, name text NOT NULL UNIQUE, balance int NOT NULL DEFAULT 0, made timestamptz DEFAULT now());
     INSERT INTO accounts (name, balance) VALUES ('ann', 60), ('bob', 40);`,
  )
  const told = 'const told = (...values) => console.log(JSON.stringify(values))\n'
  return ranAlone(serving(told + program), { postgres: { sql }, forMs: 3_000 })
}

test('postgres.js reads, inserts, begins transactions with savepoints, and listens to notifications', async () => {
  const { lines } = await ran(`
    import postgres from 'postgres'
    const sql = postgres(process.env.DATABASE_URL, { onnotice() {} })
    told(await sql\`SELECT name, balance FROM accounts WHERE balance > \${50}\`)
    told(await sql\`INSERT INTO accounts \${sql([{ name: 'cid', balance: 7 }])} RETURNING id, balance\`)
    told(await sql\`SELECT name FROM accounts WHERE name IN \${sql(['ann', 'cid'])} ORDER BY name\`)
    await sql.begin('isolation level serializable', async (sql) => {
      await sql\`UPDATE accounts SET balance = balance - 5 WHERE name = 'ann'\`
      await sql.savepoint(async (sql) => {
        await sql\`UPDATE accounts SET balance = 0 WHERE name = 'bob'\`
        throw new Error('undone')
      }).catch(() => {})
    })
    told(await sql\`SELECT name, balance FROM accounts ORDER BY id\`)
    told(await sql\`INSERT INTO accounts (name) VALUES ('ann')\`.catch((error) => [error.code, error.constraint_name]))
    await sql.listen('news', (payload) => told(payload))
    await sql.notify('news', 'hello')`)
  expect(lines).toEqual([
    'n1: [[{"name":"ann","balance":60}]]',
    'n1: [[{"id":3,"balance":7}]]',
    'n1: [[{"name":"ann"},{"name":"cid"}]]',
    'n1: [[{"name":"ann","balance":55},{"name":"bob","balance":40},{"name":"cid","balance":7}]]',
    'n1: [["23505","accounts_name_key"]]',
    'n1: ["hello"]',
  ])
})

test('Drizzle selects, inserts, and locks rows in a transaction', async () => {
  const { lines } = await ran(`
    import { eq, gt, sql } from 'drizzle-orm'
    import { drizzle } from 'drizzle-orm/node-postgres'
    import { integer, pgTable, serial, text, timestamp } from 'drizzle-orm/pg-core'
    const accounts = pgTable('accounts', {
      id: serial('id').primaryKey(), name: text('name').notNull(), balance: integer('balance').notNull(),
      made: timestamp('made', { withTimezone: true }).defaultNow(),
    })
    const db = drizzle(process.env.DATABASE_URL)
    told(await db.select({ name: accounts.name }).from(accounts).where(gt(accounts.balance, 50)))
    told(await db.insert(accounts).values({ name: 'cid', balance: 7 }).returning({ id: accounts.id }))
    await db.transaction(async (tx) => {
      const [ann] = await tx.select().from(accounts).where(eq(accounts.name, 'ann')).for('update')
      await tx.update(accounts).set({ balance: ann.balance - 10 }).where(eq(accounts.id, ann.id))
      await tx.update(accounts).set({ balance: sql\`\${accounts.balance} + 10\` }).where(eq(accounts.name, 'bob'))
    }, { isolationLevel: 'serializable' })
    told((await db.select().from(accounts).orderBy(accounts.id)).map(({ balance, made }) => [balance, made instanceof Date]))`)
  expect(lines).toEqual(['n1: [[{"name":"ann"}]]', 'n1: [[{"id":3}]]', 'n1: [[[50,true],[50,true],[7,true]]]'])
})

test('Knex creates a table, inserts, upserts, increments, joins, and rolls back', async () => {
  const { lines } = await ran(`
    import knex from 'knex'
    const db = knex({ client: 'pg', connection: process.env.DATABASE_URL, pool: { min: 0, max: 3 } })
    await db.schema.createTable('orders', (table) => {
      table.increments('id')
      table.integer('account').references('accounts.id').notNullable()
      table.string('item', 40)
      table.unique(['account', 'item'])
    })
    told(await db('orders').insert([{ account: 1, item: 'tea' }, { account: 2, item: 'milk' }]).returning('id'))
    await db('accounts').insert({ name: 'ann', balance: 1 }).onConflict('name').merge(['balance'])
    await db('accounts').where({ name: 'bob' }).increment('balance', 2)
    told(await db('accounts').join('orders', 'accounts.id', 'orders.account').select('name', 'balance', 'item').orderBy('item'))
    await db.transaction(async (trx) => {
      await trx('orders').del()
      throw new Error('undone')
    }).catch((error) => told(error.message))
    told(await db('orders').insert({ account: 9, item: 'tea' }).catch((error) => error.code), await db.schema.hasTable('orders'))`)
  expect(lines).toEqual([
    'n1: [[{"id":1},{"id":2}]]',
    'n1: [[{"name":"bob","balance":42,"item":"milk"},{"name":"ann","balance":1,"item":"tea"}]]',
    'n1: ["undone"]',
    'n1: ["23503",true]',
  ])
})
