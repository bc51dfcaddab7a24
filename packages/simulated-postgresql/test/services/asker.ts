import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { ran as ranAlone, serving } from '../../../testing/src/simulated.ts'

/**
 * One program for all tests, so that it is bundled only once. The environment variable ASKS contains the statements of
 * the test.
 */
const asker = serving(`
  import pg from 'pg'
  const pool = new pg.Pool({ max: 4 })
  pool.on('error', () => {})
  const told = (...values) => console.log(JSON.stringify(values))
  const codeOf = (promise) => promise.then(() => 'no error', (error) => error.code ?? error.message)
  const asks = new Function('pg', 'pool', 'told', 'codeOf', 'process', 'return (async () => {' + process.env['ASKS'] + '})()')
  await asks(pg, pool, told, codeOf, process)`)

export type Options = Parameters<typeof ranAlone>[1]

/** Runs JavaScript statements on nodes that can use the package `pg` and a PostgreSQL server. */
export const ran = (asks: string, options: Options = {}): ReturnType<typeof ranAlone> =>
  ranAlone(asker, { postgres: {}, environment: { ASKS: asks }, ...options })

/** Writes this SQL to a file that exists until the test ends. */
export function schemaOf(sql: string): { readonly sql: string } {
  const folder = mkdtempSync(join(tmpdir(), 'chaos-schema-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'schema.sql')
  writeFileSync(file, sql)
  return { sql: file }
}

export const KV = "CREATE TABLE kv (k text PRIMARY KEY, v int NOT NULL);\nINSERT INTO kv VALUES ('a', 1), ('b', 2);"
