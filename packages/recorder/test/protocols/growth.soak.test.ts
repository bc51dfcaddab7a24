import { performance } from 'node:perf_hooks'
import { nanos } from '@chaosproxy/history'
import { describe, expect, inject, test } from 'vitest'
import { writeBackend } from '../../../wire/src/postgresql/backend.ts'
import { writeFrontend } from '../../../wire/src/postgresql/frontend.ts'
import { AUTOCOMMIT, greeting, login, ok, query } from '../../../wire/test/mysql/server-packets.ts'
import { recordedProtocols } from '../../src/protocols/registry.ts'
import { createRecorder } from '../../src/record/recorder.ts'
import type { RecordedConversation } from '../../src/spoken/conversation.ts'
import { RecordedLines } from '../recorded-lines.ts'

// Whatever a client sends, reading twice as much takes twice as long at most: random texts of repeated and nested parts.

/** Twice the text may take this many times as long: a measurement scatters, and what is quadratic takes four times. */
const MOST_GROWTH = 3
/** The longest that all other connections may have to wait for one message, in ms. */
const LONGEST_MS = 50
/** What takes less is not compared, in ms. */
const LEAST_MS = 12
const LONGEST_TEXT = 32 * 1024
const FORMS = process.env['CHAOS_SOAK'] === 'short' ? 150 : 3_000

interface Subject {
  readonly kind: string
  readonly settings: { readonly [member: string]: unknown }
  /** Brings a connection to where requests are read. */
  greet(conversation: RecordedConversation): void
  request(text: string): Buffer
  readonly parts: Parts
}

/** Of what texts are made: what goes around others, what stands between those, and what is innermost. */
interface Parts {
  readonly begins: readonly string[]
  readonly around: readonly (readonly [before: string, after: string])[]
  readonly between: readonly string[]
  readonly innermost: readonly string[]
}

const SELECT = 'select v from kv where '
const sql: Parts = {
  begins: [
    ...[
      SELECT,
      'select * from kv where ',
      'delete from kv where ',
      'update kv set v = 1 where ',
      'insert into kv values ',
    ],
    ...['update kv set v = ', 'with a as ', 'select ', 'select count(*) from kv where ', 'copy ', 'prepare a as ', ''],
  ],
  around: [
    ...([
      ['(', ')'],
      ['not (', ')'],
      ['k in (', ')'],
      ['k = any(', ')'],
      ['exists (', ')'],
      ['k = (', ')'],
    ] as const),
    ...([
      [`k in (${SELECT}`, ')'],
      [`k in (select k from kv where `, ')'],
      ['exists (select 1 from kv where ', ')'],
    ] as const),
    ...([
      ['k in (select k from kv a join kv b on ', ')'],
      ['(select v from kv where k = ', ')'],
      ['', ' or k = 1'],
    ] as const),
    ...([
      ['case when k = 1 then ', ' end'],
      ['coalesce(', ', 1)'],
      ['/*', '*/'],
      ["'", "'"],
      ['"', '"'],
      ['$a$', '$a$'],
    ] as const),
    ...([
      ['array[', ']'],
      ['row(', ')'],
      ['cast(', ' as int)'],
      ['', '::int'],
      ['- ', ''],
      ['', ' + 1'],
      ['k = 1 and ', ''],
    ] as const),
    ...([
      ['with a as (select v from kv where ', ') select 1'],
      ['select v from (', ') a'],
      ['with a as (', ')'],
    ] as const),
  ],
  between: [
    ' ',
    ', ',
    ' and ',
    ' or ',
    ' = ',
    ' union select v from kv where ',
    '; ',
    ' /* a */ ',
    '\n-- a\n',
    '.',
    '::',
  ],
  innermost: [
    '1',
    'k = 1',
    "'a'",
    'k',
    'select a.k from kv a, kv b',
    'select max(v) from kv',
    '$1',
    '',
    'k between 1 and 2',
  ],
}

const TABLES = { kv: { key: 'k', values: ['v'] } }
const column = { table: 'kv', key: 'k', value: 'v' }

const toPostgresql = (conversation: RecordedConversation): void => {
  conversation.asked(writeFrontend({ kind: 'startup', minorVersion: 0, parameters: [['user', 'a']] }), nanos(0))
  const authenticated = { kind: 'authentication', method: 0, bytes: Buffer.alloc(0) } as const
  conversation.answered(Buffer.concat([writeBackend(authenticated), writeBackend({ kind: 'ready', status: 'I' })]))
}

const toMysql = (conversation: RecordedConversation): void => {
  conversation.answered(greeting(AUTOCOMMIT))
  conversation.asked(login('a'), nanos(0))
  conversation.answered(ok({ status: AUTOCOMMIT }))
}

const bulk = (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`

const subjects: { readonly [name: string]: Subject } = {
  'rows of PostgreSQL': {
    ...{ kind: 'postgresql', settings: { tables: TABLES, transactions: 'whole', indirect: 'none' }, parts: sql },
    greet: toPostgresql,
    request: (text) => writeFrontend({ kind: 'query', sql: text }),
  },
  'a column of PostgreSQL': {
    ...{ kind: 'postgresql', settings: column, parts: sql },
    greet: toPostgresql,
    request: (text) => writeFrontend({ kind: 'query', sql: text }),
  },
  'rows of MySQL': {
    ...{ kind: 'mysql', settings: { tables: TABLES, indirect: 'none' }, parts: sql },
    ...{ greet: toMysql, request: query },
  },
  Redis: {
    ...{ kind: 'resp', settings: {}, greet: () => {} },
    request: (text) => Buffer.from(`*3\r\n${['EVAL', text, '0'].map(bulk).join('')}`),
    parts: {
      begins: ['', 'return ', 'local a = ', 'if redis.call("GET", KEYS[1]) == ARGV[1] then '],
      around: [
        ...([
          ['(', ')'],
          ['{', '}'],
          ['if a then ', ' end'],
          ['function() ', ' end'],
          ['redis.call(', ')'],
        ] as const),
        ...([
          ['[[', ']]'],
          ['--[[', ']]'],
          ["'", "'"],
          ['[==[', ']==]'],
          ['for i = 1, 2 do ', ' end'],
          ['a[', ']'],
        ] as const),
      ],
      between: [' ', '; ', ', ', ' .. ', ' and ', '\n-- a\n', '=', '\\'],
      innermost: ['1', '"GET", KEYS[1]', 'redis.call("SET", KEYS[1], ARGV[1])', 'a', ''],
    },
  },
  'commands of Redis': {
    ...{ kind: 'resp', settings: {}, greet: () => {} },
    request: (text) => Buffer.from(text),
    parts: {
      begins: ['', bulk('GET'), '*3\r\n'],
      around: [
        ['*1\r\n', ''],
        ['*2\r\n', bulk('GET')],
        ['*-1\r\n', ''],
        ['%1\r\n', ''],
        ['~1\r\n', ''],
      ],
      between: ['', '\r\n', bulk('k')],
      innermost: [
        bulk('GET'),
        '',
        ':1\r\n',
        `*2\r\n${bulk('GET')}${bulk('k')}`,
        '$5\r\n',
        'GET k\r\n',
        `*1\r\n${bulk('MULTI')}`,
      ],
    },
  },
}

/** The same text at any size. */
type Form = (times: number) => string

function formOf({ begins, around, between, innermost }: Parts, random: (below: number) => number): Form {
  const drawn = <Part>(parts: readonly Part[]): Part => parts[random(parts.length)]!
  const [begin, joint, inner] = [drawn(begins), drawn(between), drawn(innermost)]
  const layers = Array.from({ length: 1 + random(3) }, () => drawn(around))
  const before = layers.map(([each]) => each).join('')
  const after = layers
    .toReversed()
    .map(([, each]) => each)
    .join('')
  switch (random(4)) {
    case 0:
      return (times) => `${begin}${before.repeat(times)}${inner}`
    case 1:
      return (times) => `${begin}${Array.from({ length: times }, () => `${before}${inner}${after}`).join(joint)}`
    default:
      return (times) => `${begin}${before.repeat(times)}${inner}${after.repeat(times)}`
  }
}

async function msToRead({ kind, settings, greet, request }: Subject, text: string): Promise<number> {
  const protocol = recordedProtocols.find((each) => each.kind === kind)!
  let time = 0
  const recorder = createRecorder({ client: new RecordedLines(), now: () => nanos(++time) })
  const served = await protocol.parse(settings, 'a test').record({ recorder, node: 'n1' })
  const conversation = served.open({ host: '10.0.0.1', naming: { kind: 'said' } })
  greet(conversation)
  const bytes = request(text)
  const begun = performance.now()
  conversation.asked(bytes, recorder.now())
  return performance.now() - begun
}

async function leastMs(subject: Subject, text: string, times: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < times; i++) least = Math.min(least, await msToRead(subject, text))
  return least
}

/** What is wrong with reading this form, if anything. It grows until it is long, or slow. */
async function troubleWith(subject: Subject, form: Form): Promise<string | undefined> {
  // A quarter of the text: over two doublings a measurement scatters less than it grows.
  const before = [0, 0]
  for (let times = 1; ; times *= 2) {
    const text = form(times)
    if (text.length > LONGEST_TEXT || times > LONGEST_TEXT) return undefined
    let [ms, quarterMs = 0] = [await msToRead(subject, text), before.shift()]
    const isSlow = (): boolean => ms > LONGEST_MS || (ms > LEAST_MS && times > 2 && ms > MOST_GROWTH ** 2 * quarterMs)
    if (isSlow()) {
      ms = await leastMs(subject, text, 9)
      quarterMs = await leastMs(subject, form(times / 4), 9)
    }
    if (isSlow()) return `${quarterMs.toFixed(1)} ms, four times the text ${ms.toFixed(1)} ms: ${text.slice(0, 120)}`
    before.push(ms)
  }
}

const randomFrom = (seed: number) => {
  let state = seed >>> 0
  return (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

describe.each(Object.keys(subjects))('what a client sends as %s', (name) => {
  test(`is read in time that grows no faster than its length, and never blocks for ${LONGEST_MS} ms`, async () => {
    const subject = subjects[name]!
    const random = randomFrom(inject('seed') + name.length)
    const found: string[] = []
    for (let i = 0; i < FORMS && found.length < 5; i++) {
      const trouble = await troubleWith(subject, formOf(subject.parts, random))
      if (trouble !== undefined) found.push(trouble)
    }
    expect(found).toEqual([])
  })
})
