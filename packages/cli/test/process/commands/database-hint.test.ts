import { expect, test } from 'vitest'
import { withDatabaseHint } from '../../../src/doctor/database-hint.ts'

const manifest = (dependency: string) =>
  JSON.stringify({ scripts: { start: 'node src/shop.js' }, dependencies: { [dependency]: '1.0.0' } })
const refused = 'no node answered a read (GET /items/x; n1: status 500 Error: connect ECONNREFUSED 127.0.0.1:5432)'

test.each([
  ['pg', 'npx chaos simulate ./src/shop.js --beside pg=postgres --sql schema.sql'],
  ['postgres', 'npx chaos simulate ./src/shop.js --beside pg=postgres --sql schema.sql'],
  ['ioredis', 'npx chaos simulate ./src/shop.js --redis'],
])(
  'chaos proposes a database in memory for a program that depends on %s and cannot reach its database',
  (dependency, command) => {
    expect(withDatabaseHint(refused, manifest(dependency)).split('\n')).toEqual([
      refused,
      'The program cannot reach its database. Start the database, or simulate the program with one in memory:',
      command,
    ])
  },
)

test.each([
  ['has no such dependency', refused, manifest('express')],
  ['has no package.json', refused, undefined],
  ['does not listen itself', 'no node answered a read (n1: connect ECONNREFUSED 127.0.0.1:4000)', manifest('pg')],
])('no database is suggested if the program %s', (_, message, text) => {
  expect(withDatabaseHint(message, text ?? '{}')).toBe(message)
})
