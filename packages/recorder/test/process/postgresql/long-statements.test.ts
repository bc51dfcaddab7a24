import { describe, expect, test } from 'vitest'
import { NamedSchemas } from '../../../src/postgresql/named-schemas.ts'
import { requestIn } from '../../../src/postgresql/prepared.ts'
import { parsePostgresqlSettings } from '../../../src/postgresql/settings.ts'
import { statementsOf, type Token } from '../../../src/postgresql/sql-tokens.ts'
import { analyse } from '../../../src/postgresql/statement.ts'
import { WrittenDecimals } from '../../../src/postgresql/written-decimals.ts'

const recorded: Parameters<typeof analyse>[1] = {
  table: 'kv',
  key: 'k',
  value: 'v',
  type: 'text',
  decimals: new WrittenDecimals(),
  schemas: new NamedSchemas(),
  model: 'register',
  areAtomic: true,
  functionsRead: false,
}

const rows = parsePostgresqlSettings({ tables: { kv: { key: 'k', values: ['v'] } } }, 'a test').commands

/** Repeats the part until the text has at least this length. */
const filled = (part: string, length: number) => part.repeat(Math.ceil(length / part.length))

/** Statements of any length. */
const shapes: { readonly [name: string]: (length: number) => string } = {
  'rows of an insert': (n) => `insert into kv(k,v) values ('k0','v0')${filled(",('k1','v1')", n)}`,
  'qualified columns': (n) => `select ${filled('public.kv.v,', n)} public.kv.k from public.kv`,
  'columns of an insert': (n) => `insert into kv(${filled('a,', n)}k) values (1)`,
  'conditions joined by AND': (n) => `select v from kv where k=1${filled(' and k=1', n)}`,
  'conditions joined by OR': (n) => `delete from kv where k=1${filled(' or k=1', n)}`,
  'nested selects': (n) =>
    `select v from kv where k in ${filled('(select k from kv where k in ', n)}(1)${filled(')', n / 29)}`,
  cases: (n) => `update kv set v = case ${filled("when k=1 then 'a' ", n)}end where k in (1)`,
  assignments: (n) => `update kv set v=1${filled(',v=v+1', n)} where k=1`,
  'nested brackets': (n) => `select v from kv where ${filled('(', n / 2)}k=1${filled(')', n / 2)}`,
  sums: (n) => `select v from kv where k = 1${filled(' + 1', n)}`,
  'joined texts': (n) => `update kv set v = v${filled(" || 'a'", n)} where k = 1`,
  'comparisons of comparisons': (n) => `select v from kv where k${filled(' = 1', n)}`,
  negations: (n) => `select v from kv where ${filled('not ', n)}k = 1`,
  columns: (n) => `select v${filled(',v', n)} from kv where k=1`,
  casts: (n) => `select v from kv where k=1${filled('::a(1)[]', n)}`,
  'a dotted name': (n) => `select a${filled('.a', n)} from kv where k=1`,
  calls: (n) => `select ${filled('count(1),', n)}1 from kv`,
  'common table expressions': (n) => `with ${filled('a as (select 1),', n)}b as (select 1) select v from kv`,
  'what a conflict does': (n) =>
    `insert into kv(k,v) values(1,2) on conflict (k) do update set v=2${filled(',v=3', n)}`,
  'what is returned': (n) => `update kv set v=1 where k=1 returning v${filled(',v', n)}`,
  'locking clauses': (n) => `select v from kv where k=1${filled(' for update', n)}`,
  'chained commits': (n) => `commit${filled(' and chain', n)}`,
  symbols: (n) => `select ${filled('@', n)}`,
}

/** Returns the tokens, and a function that returns how many times a token has been read so far. */
function counted(tokens: readonly Token[]) {
  let reads = 0
  const watched = new Proxy(tokens, {
    get(target, member, receiver) {
      if (typeof member === 'string' && /^\d+$/.test(member)) reads++
      return Reflect.get(target, member, receiver)
    },
  })
  return { watched, reads: () => reads }
}

describe('the analysis of a long statement', () => {
  test.each(Object.keys(shapes))(
    'the analysis of a long statement reads each token a bounded number of times: %s',
    (name) => {
      const readsPerToken = [2_000, 8_000].map((length) => {
        const [tokens = []] = statementsOf(shapes[name]?.(length) ?? '') ?? []
        return [recorded, rows].map((commands) => {
          const { watched, reads } = counted(tokens)
          analyse(watched, commands)
          return reads() / tokens.length
        })
      })
      for (const ratio of readsPerToken.flat()) expect(ratio).toBeLessThan(60)
    },
  )
})

test('analyse cuts the name of a long statement to 100 characters, and reads each token once', () => {
  const [tokens = []] = statementsOf(`select v from kv where k=1${filled(' and k=1', 100_000)}`) ?? []
  const { watched, reads } = counted(tokens)
  const { what } = analyse([...tokens.slice(0, 0), ...watched], recorded)
  expect(reads()).toBe(tokens.length)
  expect(what).toHaveLength(101)
})

describe('the analysis of a nested statement', () => {
  const around = [
    'k in (select k from kv where ',
    'exists (select 1 from kv where ',
    'exists (select 1 from kv a join kv b on a.k = b.k where ',
    'not (',
    '(',
  ]
  const innermost = ['k in (select a.k from kv a, kv b)', 'k in (select sum(v) from kv)', 'k = 1']
  const readings = [recorded, rows]
  test.each(around)(
    'the analysis of a nested statement reads each token a bounded number of times at any depth: %s',
    (part) => {
      for (const inner of innermost)
        for (const commands of readings) {
          const readsPerToken = [4, 12, 50, 200].map((depth) => {
            const sql = `select v from kv where ${part.repeat(depth)}${inner}${')'.repeat(depth)}`
            const { watched, reads } = counted(statementsOf(sql)?.[0] ?? [])
            analyse(watched, commands)
            return reads() / watched.length
          })
          for (const ratio of readsPerToken) expect(ratio).toBeLessThan(60)
        }
    },
  )
})

test('a comment nested 40,000 deep is searched for a request id in less than a second', () => {
  const before = process.cpuUsage()
  expect(requestIn(`${'/*'.repeat(40_000)}x${'*/'.repeat(40_000)}`)).toBeUndefined()
  const { user, system } = process.cpuUsage(before)
  expect((user + system) / 1e6).toBeLessThan(1)
})

// The test cannot count how often the analysis reads the text, so it measures processor time instead. A quadratic
// analysis would take minutes.
test.each([
  ['rows of an insert', shapes['rows of an insert'] ?? String] as const,
  ['statements', (n: number) => filled('insert into kv(k,v) values(1,2);', n)] as const,
  ['nested comments', (n: number) => `${filled('/*', n / 2)}${filled('*/', n / 2)}`] as const,
  ['quotations', (n: number) => `select '${filled("''", n)}'`] as const,
  ['escapes', (n: number) => `select e'${filled("\\'", n)}'`] as const,
  ['tags of dollar quotes', (n: number) => Array.from({ length: n / 8 }, (_, i) => `$a${i} `).join('')] as const,
])('500 kB of %s are analysed in less than 10 seconds', (_name, shape) => {
  const before = process.cpuUsage()
  for (const tokens of statementsOf(shape(500_000)) ?? []) analyse(tokens, recorded)
  const { user, system } = process.cpuUsage(before)
  expect((user + system) / 1e6).toBeLessThan(10)
})
