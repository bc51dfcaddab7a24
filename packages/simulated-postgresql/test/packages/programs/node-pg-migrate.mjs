import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runner } from 'node-pg-migrate'
import pg from 'pg'

const dir = join(mkdtempSync(join(tmpdir(), 'migrations-')), 'm')
mkdirSync(dir)
writeFileSync(
  join(dir, '1_first.cjs'),
  `exports.up = (pgm) => {
  pgm.createType('mood', ['sad', 'ok'])
  pgm.createTable('users', { id: 'id', name: { type: 'varchar(50)', notNull: true, check: "name <> ''" }, mood: { type: 'mood' },
    created: { type: 'timestamp', notNull: true, default: pgm.func('current_timestamp') } })
  pgm.createTable('posts', { id: 'id', user_id: { type: 'integer', references: 'users', onDelete: 'CASCADE' }, body: 'text' })
  pgm.createIndex('posts', 'user_id')
}\nexports.down = (pgm) => { pgm.dropTable('posts'); pgm.dropTable('users'); pgm.dropType('mood') }`,
)
writeFileSync(
  join(dir, '2_second.cjs'),
  `exports.up = (pgm) => {
  pgm.renameColumn('users', 'name', 'full_name')
  pgm.addColumn('users', { email: { type: 'text', unique: true } })
  pgm.alterColumn('posts', 'body', { default: 'none', notNull: true })
  pgm.sql("insert into users (full_name, mood) values ('ann', 'ok')")
}\nexports.down = (pgm) => { pgm.dropColumn('users', 'email'); pgm.renameColumn('users', 'full_name', 'name') }`,
)
const options = {
  databaseUrl: process.env.DATABASE_URL,
  dir,
  migrationsTable: 'pgmigrations',
  log: () => {},
  logger: { debug() {}, info() {}, warn() {}, error: console.log },
}
const names = (run) => run.map(({ name }) => name)
console.log(names(await runner({ ...options, direction: 'up' })))
console.log(names(await runner({ ...options, direction: 'up' })))
console.log(names(await runner({ ...options, direction: 'down', count: 1 })))
console.log(names(await runner({ ...options, direction: 'up' })))
const client = new pg.Client(process.env.DATABASE_URL)
await client.connect()
console.log((await client.query('select id, full_name, mood, email from users order by id')).rows)
await client.query("insert into users (full_name) values ('')").catch(({ code, message }) => console.log(code, message))
await client.end()
