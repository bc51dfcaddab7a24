// Every node migrates the database when it starts.
import { createServer } from 'node:http'
import { Kysely, Migrator, PostgresDialect, sql } from 'kysely'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
pool.on('error', () => {})
pool.on('connect', (client) => client.on('error', () => {}))
const db = new Kysely({ dialect: new PostgresDialect({ pool }) })

const migrations = {
  '1-items': {
    async up(trx) {
      await sql`CREATE TABLE items (name text PRIMARY KEY)`.execute(trx)
      await sql`UPDATE counted SET migrations = migrations + 1`.execute(trx)
    },
  },
  '2-again': { up: (trx) => sql`UPDATE counted SET migrations = migrations + 1`.execute(trx) },
}
const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } })
for (;;) {
  const { error } = await migrator.migrateToLatest()
  if (error === undefined) break
  await new Promise((resolve) => setTimeout(resolve, 50))
}

createServer(async (_, response) => {
  const { rows } = await sql`SELECT migrations FROM counted`.execute(db).catch(() => ({ rows: [] }))
  if (rows.length === 0) response.writeHead(500)
  response.end(JSON.stringify({ migrations: rows[0]?.migrations }))
}).listen(Number(process.env.PORT))
