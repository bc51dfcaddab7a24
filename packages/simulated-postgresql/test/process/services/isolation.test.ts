import { dirname, join } from 'node:path'
import { millis, nanos } from '@chaosproxy/history'
import { createServiceCluster, loadService, outsidePromises } from '@chaosproxy/node-simulator'
import { describe, expect, test } from 'vitest'
import { written } from '../../../../testing/src/simulated.ts'

const SCHEMA = `
CREATE TABLE stock (item text PRIMARY KEY, left_over integer NOT NULL, sold integer NOT NULL DEFAULT 0);
CREATE TABLE doctors (name text PRIMARY KEY, on_call boolean NOT NULL);
CREATE TABLE wards (id int PRIMARY KEY, name text NOT NULL, active int NOT NULL);
CREATE TABLE shifts (ward int REFERENCES wards, name text, active boolean NOT NULL DEFAULT true, PRIMARY KEY (ward, name));
INSERT INTO wards VALUES (1, 'x', 2), (2, 'y', 2);
INSERT INTO shifts VALUES (1, 'a'), (1, 'b'), (2, 'a'), (2, 'b');
CREATE TABLE bookings (id serial PRIMARY KEY, room text NOT NULL, first integer NOT NULL, last integer NOT NULL);
INSERT INTO bookings (room, first, last) VALUES ('a', 1000, 1001);
INSERT INTO bookings (room, first, last) SELECT 'parked', 0, 0 FROM generate_series(1, 12);
INSERT INTO stock VALUES ('x', 100), ('y', 100);
INSERT INTO doctors VALUES ('alice', true), ('bob', true);`

/** A program that sells an item at each PUT, in the way that WAY names. GET reads the stock. */
const PROGRAM = `import { createServer } from 'node:http'
import pg from 'pg'
const pool = new pg.Pool({ max: Number(process.env['POOL'] ?? 4) })
const way = process.env['WAY']
pool.on('error', () => {})

async function within(begin, work) {
  for (let tried = 0; ; tried++) {
    const client = await pool.connect()
    try {
      await client.query(begin)
      await work(client)
      await client.query('COMMIT')
      return
    } catch (error) {
      await client.query('ROLLBACK')
      if (!/^40/.test(error.code ?? '') || tried === 20) throw error
    } finally {
      client.release()
    }
  }
}
const READ = 'SELECT left_over, sold FROM stock WHERE item = $1'
const readThenWrite = (lock) => async (client) => {
  const { rows: [{ left_over }] } = await client.query(READ + lock, ['x'])
  await client.query('UPDATE stock SET left_over = $2 WHERE item = $1', ['x', left_over - 1])
}
const leave = (name) => async (client) => {
  const { rows } = await client.query('SELECT name, on_call FROM doctors WHERE name = ANY ($1)', [['alice', 'bob']])
  if (rows.every((row) => row.on_call)) await client.query('UPDATE doctors SET on_call = false WHERE name = $1', [name])
}
const BOOKED = {
  counted: 'SELECT count(*)::int AS n FROM bookings WHERE room = $1 AND first = $2 AND last = $3',
  listed: 'SELECT id FROM bookings b WHERE (b.room = $1 AND b.first <= $3 AND b.last >= $2) ORDER BY id FOR UPDATE',
  looked: 'SELECT 1 FROM bookings WHERE room = $1 AND first <= $3 AND $2 <= last LIMIT 1',
  summed: 'SELECT coalesce(sum(first), 0)::int AS n FROM bookings WHERE room = $1 AND first = $2 AND last IN ($3)',
  either: 'SELECT id FROM bookings WHERE room = $1 AND (first = $2 AND last = $3 OR first = $3)',
  most: 'SELECT max(first) = $2 AS n FROM bookings WHERE room = $1 AND last = $3',
  highest: 'SELECT max(first) AS n FROM bookings WHERE room = $1 AND first = $2 AND last = $3',
  exists: 'SELECT EXISTS (SELECT 1 FROM bookings WHERE room = $1 AND first = $2 AND last = $3) AS n',
  other: "SELECT id FROM bookings WHERE room = $1 AND first = $2 AND last = $3 AND room = 'b'",
  cast: 'SELECT id FROM bookings WHERE room = $1 AND first = $2::smallint AND last = $3',
  guessed: 'SELECT max(id) AS n FROM bookings WHERE room = $1 AND first = $2 AND last = $3',
}
const book = (question) => async (client, night) => {
  const nights = ['a', night, night + 1]
  const { rows } = await client.query(BOOKED[question], nights)
  const isFree = rows.length === 0 || !rows[0].n
  if (isFree) await client.query('INSERT INTO bookings (room, first, last) VALUES ($1, $2, $3)', nights)
}
const moved = async (client, number, night) => {
  const { rows } = await client.query("SELECT id FROM bookings WHERE room = 'a' AND first = $1", [night])
  const move = "UPDATE bookings SET room = 'a', first = $1 WHERE id = $2 AND room = 'parked'"
  if (rows.length === 0) await client.query(move, [night, 2 + number])
}
const ON_CALL = {
  counted: 'SELECT count(*) AS n FROM shifts WHERE ward = $1 AND active',
  equal: 'SELECT count(*)::int AS n FROM shifts WHERE ward = $1 AND active = true',
  listed: 'SELECT name, active FROM shifts WHERE ward = $1',
  cast: "SELECT sum(active::int)::int AS n FROM shifts WHERE ward::text || '' = ($1::int)::varchar",
  joined: "SELECT count(*) AS n FROM shifts s JOIN wards w ON w.id = s.ward WHERE w.name = (ARRAY['x', 'y'])[$1::int] AND s.active",
  nested: 'SELECT (SELECT count(*) FROM shifts s WHERE s.ward = w.id AND s.active) AS n FROM wards w WHERE w.id = $1',
  kept: 'WITH on_call AS (SELECT * FROM shifts WHERE active) SELECT count(*) AS n FROM on_call WHERE ward = $1',
  locked: 'SELECT name, active FROM shifts WHERE ward = $1 ORDER BY name FOR UPDATE',
}
const leaves = (question) => async (client, number) => {
  const [ward, name] = [1 + (number % 4 > 1), number % 2 ? 'a' : 'b']
  if (question === 'advisory') await client.query('SELECT pg_advisory_xact_lock($1)', [ward])
  if (question === 'single') {
    const { rowCount } = await client.query('UPDATE wards SET active = active - 1 WHERE id = $1 AND active > 1', [ward])
    return rowCount
  }
  const { rows } = await client.query(ON_CALL[question] ?? ON_CALL.counted, [ward])
  const n = rows[0].n === undefined ? rows.filter(({ active }) => active).length : Number(rows[0].n)
  if (n > 1) await client.query('UPDATE shifts SET active = false WHERE ward = $1 AND name = $2', [ward, name])
}
const any = (...list) => list[Math.floor(Math.random() * list.length)]
const PUT = 'INSERT INTO bookings (id, room, first, last) VALUES ($1, $2, $3, 0) ON CONFLICT (id) DO '
const RANDOM = [
  (room, first) => ['SELECT count(*) FROM bookings WHERE room = $1 OR first = $2', [room(), first()]],
  (room) => ['SELECT max(first) FROM bookings WHERE room = $1', [room()]],
  (_, first) => ['SELECT min(first) FROM bookings WHERE first > $1', [first()]],
  (room, first) => ['SELECT id FROM bookings WHERE room = $1 AND first <= $2', [room(), first()]],
  (room) => ['SELECT EXISTS (SELECT 1 FROM bookings WHERE room = $1 OR room = $2)', [room(), room()]],
  (room) => ['SELECT sum(first) FROM bookings WHERE room = $1', [room()]],
  (room) => ['SELECT 1 FROM bookings WHERE room = $1 LIMIT 1', [room()]],
  (_, __, id) => ['SELECT id, room, first FROM bookings WHERE id = $1 FOR UPDATE', [id()]],
  (room, first) => ['INSERT INTO bookings (room, first, last) VALUES ($1, $2, 0)', [room(), first()]],
  (room) => ['UPDATE bookings SET room = $1 WHERE room = $2', [room(), room()]],
  (room, _, id) => ['UPDATE bookings SET room = $1 WHERE id = $2 AND room = $3', [room(), id(), room()]],
  (room, first) => ['UPDATE bookings SET first = $1 WHERE room = $2 AND first = $3', [first(), room(), first()]],
  (room, first, id) => ['UPDATE bookings SET room = $1, first = $2 WHERE id = $3', [room(), first(), id()]],
  (room, _, id) => ['UPDATE bookings SET room = $1 WHERE id = $2 RETURNING first', [room(), id()]],
  (room, first, id) => [PUT + 'UPDATE SET room = excluded.room WHERE bookings.first < 3 RETURNING first', [id(), room(), first()]],
  (room, first, id) => [PUT + 'NOTHING', [id(), room(), first()]],
  (room, first) => ['DELETE FROM bookings WHERE room = $1 AND first = $2', [room(), first()]],
  (_, __, id) => ['DELETE FROM bookings WHERE id = $1', [id()]],
]
const anything = async (client) => {
  const some = [() => any('a', 'b', 'parked'), () => any(0, 1, 2, 3), () => any(2, 3, 4, 5)]
  for (let statements = any(2, 3, 4); statements > 0; statements--) await client.query(...any(...RANDOM)(...some))
}
const [, level, question, isLeaving] = /^(committed|repeatable|serializable) (\\w+)( on call)?$/.exec(way) ?? []
const BEGIN = { committed: 'BEGIN', repeatable: 'BEGIN ISOLATION LEVEL REPEATABLE READ', serializable: 'BEGIN ISOLATION LEVEL SERIALIZABLE' }
const ways = {
  [question ? way : 'books']: (number) =>
    within(BEGIN[level], (client) => {
      if (isLeaving) return leaves(question)(client, number)
      if (question === 'anything') return anything(client)
      return question === 'moved' ? moved(client, number, 10 * (number >> 2)) : book(question)(client, 10 * (number >> 2))
    }),
  hasty: () => within('BEGIN', readThenWrite('')),
  locked: () => within('BEGIN', readThenWrite(' FOR UPDATE')),
  serializable: () => within('BEGIN ISOLATION LEVEL SERIALIZABLE', readThenWrite('')),
  single: () => pool.query('UPDATE stock SET left_over = left_over - 1 WHERE item = $1 AND left_over > 0', ['x']),
  skewed: (number) => within('BEGIN ISOLATION LEVEL REPEATABLE READ', leave(number % 2 ? 'alice' : 'bob')),
  silent: (number) => void pool.query('UPDATE stock SET left_over = left_over - 1 WHERE item = $1', ['x']),
  autocommitted: () => readThenWrite('')(pool),
  connected: async () => {
    const client = await pool.connect()
    await readThenWrite('')(client).finally(() => client.release())
  },
}
createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  if (request.method === 'PUT') await ways[way](JSON.parse(body).value)
  else await pool.query(READ, ['x'])
  response.end('{"value":1}')
}).listen(process.env['PORT'])
`

interface Options {
  readonly expect?: string
  readonly unit?: 'request' | 'connection'
  readonly seed?: number
  readonly pool?: number
  /** Whether each transaction has ended before the next begins. */
  readonly isAlone?: boolean
}

const SEEDS = Array.from({ length: Number(process.env['ISOLATION_SEEDS'] ?? 4) }, (_, i) => i + 1)

/** Returns the violations in a run of 12 clients. Unless `isAlone`, groups of four clients send requests at once. */
async function brokenBy(
  way: string,
  { expect = 'serializable', unit, seed = 1, pool = 4, isAlone = false }: Options = {},
) {
  const files = written(PROGRAM, 'server.ts', { 'schema.sql': SCHEMA })
  const sql = join(dirname(files.program), 'schema.sql')
  const service = await loadService({
    ...files,
    environment: { WAY: way, POOL: `${pool}` },
    postgres: { pg: { sql, expect, unit } },
  })
  return outsidePromises(() => {
    const cluster = createServiceCluster(service, { nodes: 2, seed, functions: ['read', 'write'] })
    try {
      cluster.run(() => cluster.isReady(), { events: 100_000, durationMs: millis(5_000) })
      cluster.scenarioBegins?.()
      const start = cluster.clock.now()
      let done = 0
      for (let i = 0; i < 12; i++)
        cluster.clock.at(nanos(start + (isAlone ? i * 100e6 : Math.floor(i / 4) * 40e6)), () =>
          cluster.connect(`n${1 + (i % 2)}`).invoke(
            {
              ...{ input: { f: i % 6 === 5 ? 'read' : 'write', key: 'x', value: i }, harmless: false },
              session: { client: `process-${i}`, sequence: 1 },
            },
            millis(3_000),
            () => done++,
          ),
        )
      cluster.run(() => done === 12, { events: 100_000, durationMs: millis(10_000) })
      return { broken: cluster.brokenAtRest?.(), unmet: cluster.unmet?.() }
    } finally {
      cluster.close?.()
    }
  })
}

describe('SQL transactions', () => {
  test('SQL transactions lose an update at READ COMMITTED, and the report shows their statements', async () => {
    const { broken } = await brokenBy('hasty')
    expect(broken?.name).toBe('serializable SQL of pg')
    expect(broken?.what).toMatch(
      /^Lost update .*: T\d \(process \d\) and T\d \(process \d\) both read stock\/x\/left_over = \d+; T\d wrote .* is lost\./,
    )
    const evidence = broken?.evidence?.join('\n')
    expect(evidence).toMatch(
      /^T1, \d+\.\d ms to \d+\.\d ms\n {4}read stock\/x\/left_over = \d+: SELECT left_over, sold FROM/,
    )
    expect(evidence).toContain('FOR UPDATE, compare a version column')
  })

  test.each(['locked', 'serializable', 'single'])('SQL transactions lose no update if they are %s', async (way) => {
    for (const seed of [1, 2, 3]) expect(await brokenBy(way, { seed })).toEqual({ broken: undefined, unmet: [] })
  })

  test('SQL transactions have write skew at REPEATABLE READ, which violates only serializability', async () => {
    expect((await brokenBy('skewed')).broken?.what).toMatch(/^Write skew/)
    expect((await brokenBy('skewed', { expect: 'declared' })).broken).toBeUndefined()
    expect((await brokenBy('skewed', { expect: 'snapshot-isolation' })).broken).toBeUndefined()
  })

  test.each([
    'committed counted',
    'repeatable counted',
    'committed listed',
    'repeatable listed',
    'committed looked',
    'repeatable looked',
    'committed summed',
    'repeatable summed',
    'committed exists',
    'repeatable exists',
    'committed either',
    'repeatable either',
    'committed highest',
    'repeatable highest',
    'committed most',
    'committed guessed',
    'committed cast',
  ])('two SQL transactions have write skew if each inserts a row whose absence the other has read: %s', async (way) => {
    const { broken } = await brokenBy(way)
    expect(broken?.name).toBe('serializable SQL of pg')
    expect(broken?.what).toMatch(/^Write skew .* read bookings\/\d+ = null/)
    expect(broken?.evidence?.join('\n')).toMatch(
      /read bookings\/\d+ = null: SELECT .*\n +write \{.*"room":"a"\} to bookings\/\d+: INSERT INTO bookings/,
    )
    expect(broken?.evidence?.at(-1)).toContain('an exclusion constraint')
    expect((await brokenBy(way, { expect: 'repeatable-read' })).broken).toBeUndefined()
  })

  test.each([
    'serializable counted',
    'serializable listed',
    'serializable looked',
    'serializable summed',
    'serializable exists',
    'serializable either',
    'serializable highest',
    'serializable moved',
    'committed other',
  ])(
    'SQL transactions have no write skew if they are serializable, or if no inserted row matches the reads: %s',
    async (way) => {
      for (const seed of [1, 2]) expect((await brokenBy(way, { seed })).broken).toBeUndefined()
    },
  )

  test.each([
    'committed counted on call',
    'repeatable counted on call',
    'repeatable equal on call',
    'repeatable listed on call',
    'repeatable cast on call',
    'repeatable joined on call',
    'repeatable nested on call',
    'repeatable kept on call',
  ])(
    'two SQL transactions have write skew if each counts rows that the other changes, in any SQL form: %s',
    async (way) => {
      const { broken } = await brokenBy(way)
      expect(broken?.what).toMatch(
        /^Write skew .* read shifts\/1\/[ab]\/active = true and wrote false to shifts\/1\/[ab]\/active; T2/,
      )
      expect(broken?.evidence?.join('\n')).toMatch(/read shifts\/1\/[ab]\/active = true: (?:SELECT|WITH) /)
    },
  )

  test.each([
    'serializable counted on call',
    'serializable joined on call',
    'committed locked on call',
    'committed advisory on call',
    'committed single on call',
  ])(
    'SQL transactions have no write skew if they are serializable, take locks first, or change one row: %s',
    async (way) => {
      for (const seed of SEEDS) expect(await brokenBy(way, { seed })).toEqual({ broken: undefined, unmet: [] })
    },
  )

  test.each(['committed moved', 'repeatable moved'])(
    'two SQL transactions have write skew if each moves a row into the search result of the other: %s',
    async (way) => {
      const { broken } = await brokenBy(way)
      expect(broken?.what).toMatch(/^Write skew .* read bookings\/\d+\/room = "parked" and wrote "a"/)
      expect(broken?.evidence?.join('\n')).toMatch(/write "a" to bookings\/\d+\/room: UPDATE bookings SET room = /)
    },
  )

  test('SQL transactions have no violation at SERIALIZABLE, even with random statements', async () => {
    for (const seed of SEEDS)
      expect((await brokenBy('serializable anything', { seed })).broken, `seed ${seed}`).toBeUndefined()
  })

  test('SQL transactions have no violation if they run one after another, even with random statements', async () => {
    for (const seed of SEEDS)
      expect((await brokenBy('committed anything', { seed, isAlone: true })).broken, `seed ${seed}`).toBeUndefined()
  })

  test('random SQL statements violate serializability at READ COMMITTED for some seeds', async () => {
    let told = ''
    for (let seed = 43; seed < 143 && told === ''; seed++)
      told = (await brokenBy('committed anything', { seed })).broken?.what ?? ''
    expect(told).toContain('bookings/')
  })

  test('autocommitted statements show a lost update only if each request is judged as one transaction', async () => {
    expect((await brokenBy('autocommitted')).broken).toBeUndefined()
    const { broken } = await brokenBy('autocommitted', { unit: 'request' })
    expect(broken?.what).toMatch(/^Statements that belong together were not in one transaction: Lost update/)
    expect(broken?.evidence?.[0]).toMatch(/^T1 of process-\d+-1, /)
  })

  test('autocommitted statements show a lost update if each connection is judged as one transaction', async () => {
    expect((await brokenBy('connected')).broken).toBeUndefined()
    const { broken } = await brokenBy('connected', { unit: 'connection' })
    expect(broken?.what).toMatch(/^Statements that belong together were not in one transaction: Lost update/)
    expect(broken?.evidence?.[0]).toMatch(/^T1 of connection \d+ from [\d.]+ ms, /)
    expect((await brokenBy('locked', { unit: 'connection' })).broken).toBeUndefined()
  })

  test('an SQL transaction belongs to no request if no request awaits its results', async () => {
    for (const seed of [1, 2, 3, 4])
      expect((await brokenBy('silent', { unit: 'request', seed })).broken).toBeUndefined()
  })

  test('an SQL transaction belongs to the request that awaits it, even if the pool sends it during another request', async () => {
    for (const seed of [1, 2, 3, 4]) {
      expect((await brokenBy('single', { unit: 'request', pool: 1, seed })).broken).toBeUndefined()
      expect((await brokenBy('locked', { unit: 'request', pool: 1, seed })).broken).toBeUndefined()
    }
  })
})
