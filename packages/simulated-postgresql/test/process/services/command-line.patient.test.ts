import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { chaos } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { shop } from '../../services/shop.ts'

const calm = ['--nodes', '2', '--faults', 'none', '--workload', 'counter', '--workers', '1']
const withPostgres = ['simulate', './server.ts', ...calm, '--beside', 'pg=postgres', '--sql', 'schema.sql']

describe('chaos simulate --beside pg=postgres', () => {
  patientTest('finds a lost update at READ COMMITTED, and replays the identical history', async () => {
    const cwd = shop()
    const { exitCode, stdout } = await chaos([...withPostgres, '--seeds', '16', '--json', '--shrink', '3s'], { cwd })
    expect(exitCode).toBe(1)
    const { failures } = JSON.parse(stdout)
    expect(failures).toMatchObject([{ kind: 'violation', cause: 'not linearizable' }])
    const replayed = await chaos(['replay', failures[0].replay, '--program', './server.ts'], { cwd })
    expect(replayed.stdout).toContain('in the simulator: the same history as was recorded, to the byte')
    expect(replayed.exitCode).toBe(1)
  })

  patientTest('finds no failure under kills if the service locks the row', async () => {
    const kills = [
      'simulate',
      './server.ts',
      '--nodes',
      '2',
      '--faults',
      'kill',
      '--workload',
      'counter',
      '--workers',
      '1',
    ]
    const args = [...kills, '--beside', 'pg=postgres', '--sql', 'schema.sql', '--env', 'SHOP=careful', '--seeds', '12']
    const { exitCode, stdout, stderr } = await chaos([...args, '--json'], { cwd: shop() })
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatchObject({ found: false, trials: 12 })
    expect(exitCode).toBe(0)
  })

  patientTest('finds unserializable transactions, shows their statements, and replays the failure', async () => {
    const cwd = shop()
    const args = [...withPostgres, '--expect', 'serializable', '--seeds', '16', '--json', '--shrink', '2s']
    const { exitCode, stdout } = await chaos(args, { cwd })
    expect(exitCode).toBe(1)
    const { failures } = JSON.parse(stdout)
    expect(failures).toMatchObject([{ kind: 'invariant', cause: 'serializable SQL of pg' }])
    expect(failures[0].sentence).toContain('Lost update')
    expect(failures[0].evidence.join('\n')).toMatch(
      /read items\/\w+\/sold = \d+: SELECT sold FROM items WHERE name = \$1/,
    )
    const replayed = await chaos(['replay', failures[0].replay, '--program', './server.ts'], { cwd })
    expect(replayed.stdout).toContain('BROKEN: SERIALIZABLE SQL OF PG')
    expect(replayed.stdout).toContain('Cure: ')
    expect(replayed.exitCode).toBe(1)
  })

  patientTest('checks --assert-sql at the end, and shows the rows that violate the assertion', async () => {
    const assertion = "SELECT NOT EXISTS (SELECT 1 FROM items WHERE name = 'x' AND sold > 1)"
    const args = [...withPostgres, '--env', 'SHOP=careful', '--assert-sql', assertion, '--keys', '1', '--seeds', '4']
    const { exitCode, stdout } = await chaos([...args, '--json', '--shrink', '1s'], { cwd: shop() })
    expect(exitCode).toBe(1)
    const { failures } = JSON.parse(stdout)
    expect(failures).toMatchObject([{ kind: 'invariant' }])
    expect(JSON.stringify(failures)).toContain('sold=2')
  })

  patientTest('checks --assert-sql even if programs crash', async () => {
    const cwd = shop()
    writeFileSync(
      join(cwd, 'crashing.ts'),
      `import { createServer } from 'node:http'
      import pg from 'pg'
      const pool = new pg.Pool()
      createServer((request, response) => {
        if (request.method === 'GET') process.exit(1)
        pool.query('UPDATE items SET sold = 1').then(() => response.end('{}'))
      }).listen(process.env.PORT)`,
    )
    const args = ['simulate', './crashing.ts', ...withPostgres.slice(2), '--seeds', '2', '--expect', 'none']
    const assertion = 'SELECT bool_and(sold = 0) FROM items'
    const causeOf = async (...more: readonly string[]) => {
      const asserted = [...args, '--assert-sql', assertion, ...more, '--json', '--shrink', '1ms']
      const { stdout } = await chaos(asserted, { cwd })
      return JSON.parse(stdout).failures[0].cause
    }
    expect(await causeOf()).toBe('a program that serves must not end by itself')
    expect(await causeOf('--no-invariants')).toBe(assertion)
  })

  test('chaos simulate prints the number of SQL assertions at the start of a search', async () => {
    const asserted = ['--assert-sql', 'SELECT true', '--assert-sql', 'SELECT 1 = 1', '--seeds', '1']
    const { stdout, stderr, exitCode } = await chaos([...withPostgres, '--env', 'SHOP=careful', ...asserted], {
      cwd: shop(),
    })
    expect(stdout + stderr).toContain('held to linearizable, 2 assertions in SQL · 1 seed')
    expect(exitCode).toBe(0)
  })

  test('chaos simulate lists every statement that is not simulated, and exits with code 3', async () => {
    const cwd = shop()
    writeFileSync(
      join(cwd, 'odd.ts'),
      `import { createServer } from 'node:http'
      import pg from 'pg'
      const pool = new pg.Pool()
      const odd = { GET: 'SELECT * FROM items TABLESAMPLE SYSTEM (5)', POST: "LOAD 'x'" }
      createServer((request, response) => {
        pool.query(odd[request.method]).then(() => response.end('{}'), () => response.writeHead(500).end('{}'))
      }).listen(process.env.PORT)`,
    )
    const args = ['simulate', './odd.ts', ...withPostgres.slice(2), '--seeds', '4']
    const checked = await chaos([...args, '--check-sql'], { cwd })
    expect(checked.stderr).toContain('does not execute 2 statements of this program')
    expect(checked.stderr).toMatch(/ {2}SELECT \* FROM items TABLESAMPLE SYSTEM \(5\): /)
    expect(checked.stderr).toMatch(/ {2}LOAD 'x': /)
    expect(checked.exitCode).toBe(3)
    const searched = await chaos(args, { cwd })
    expect(searched.stderr).toContain('cannot be simulated: on pg, ')
    expect(searched.exitCode).toBe(3)
  })

  test.each(['doctor', 'run'])(
    'chaos %s refuses a service with a simulated PostgreSQL, and recommends chaos simulate',
    async (command) => {
      const cwd = shop()
      const services = { shop: { entry: './server.ts', beside: { pg: 'postgres' } } }
      writeFileSync(join(cwd, 'chaos.config.json'), JSON.stringify({ services }))
      const { stderr, exitCode } = await chaos([command, '--config', 'chaos.config.json'], { cwd })
      expect(stderr).toContain('exists only in the simulator: npx chaos simulate shop.')
      expect(exitCode).toBe(3)
    },
  )

  test.each([
    [['--sql', 'schema.sql'], 'SQL is given, but no PostgreSQL. Add --beside pg=postgres.'],
    [['--expect', 'serializable'], 'there is none: add --beside pg=postgres.'],
    [['--unit', 'request'], 'add --beside pg=postgres --expect serializable.'],
    [['--beside', 'pg=postgres', '--unit', 'request'], 'such as --expect serializable.'],
  ])('chaos simulate refuses %j with a remedy', async (args, said) => {
    const { stderr, exitCode } = await chaos(['simulate', './server.ts', ...args], { cwd: shop() })
    expect(stderr).toContain(said)
    expect(exitCode).toBe(3)
  })
})
