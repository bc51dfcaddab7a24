import { expect, test } from 'vitest'
import { loadDatabases } from '../../../node-simulator/src/postgresql/database.ts'

async function brokenBy(query: string) {
  const databases = await loadDatabases({ pg: { assert: [query] } })
  const database = databases.get('pg')!
  return database.broken(database.createEngine({ time: { now: () => 0n, after: () => () => {} }, random: () => 0 }))
}

test.each(['select sum(n) from (values (1), (2)) as t (n)', 'select null::int', "select 'true'"])(
  'the SQL assertion %j is refused, because it returns no boolean',
  async (query) => {
    await expect(brokenBy(query)).rejects.toThrow(`--assert-sql ${query} must return true or false`)
  },
)

test.each(['select true', 'select 1 = 1 from generate_series(1, 3)'])(
  'the SQL assertion %j is met, because it returns true',
  async (query) => {
    expect(await brokenBy(query)).toBeUndefined()
  },
)

test.each(['select false', 'select null::boolean', 'select true where false'])(
  'the SQL assertion %j is reported as violated, because it does not return true',
  async (query) => {
    expect(await brokenBy(query)).toMatchObject({ query })
  },
)
