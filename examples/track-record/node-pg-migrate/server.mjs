// Every node migrates the database when it starts.
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { runner } from 'node-pg-migrate'
import pg from 'pg'

mkdirSync('migrations', { recursive: true })
for (const name of ['1_more', '2_more'])
  writeFileSync(`migrations/${name}.sql`, '-- Up Migration\nUPDATE counted SET migrations = migrations + 1;\n')

async function migrate() {
  const dbClient = new pg.Client(process.env.DATABASE_URL)
  dbClient.on('error', () => {})
  try {
    await dbClient.connect()
    await runner({ dbClient, dir: 'migrations', direction: 'up', migrationsTable: 'pgmigrations', log() {} })
    return true
  } catch {
    return false
  } finally {
    await dbClient.end().catch(() => {})
  }
}
while (!(await migrate())) await new Promise((resolve) => setTimeout(resolve, 50))
createServer((_, response) => response.end('{"migrations":2}')).listen(Number(process.env.PORT))
