import { nanos } from '@chaosproxy/history'
import { describe, expect, inject, test } from 'vitest'
import { RecordedLines } from '../../../../testing/src/recorded-lines.ts'
import { writeBackend } from '../../../../wire/src/postgresql/backend.ts'
import { writeFrontend } from '../../../../wire/src/postgresql/frontend.ts'
import { AUTOCOMMIT, greeting, login, ok, query } from '../../../../wire/test/mysql/server-packets.ts'
import { recordedProtocols } from '../../../src/protocols/registry.ts'
import { createRecorder } from '../../../src/record/recorder.ts'
import type { RecordedConversation } from '../../../src/spoken/conversation.ts'
import { type Duration, LONGEST_MS, type Parts, timed, troublesOf } from '../../protocols/growth.ts'

interface Subject {
  readonly kind: string
  readonly settings: { readonly [member: string]: unknown }
  /** Brings a connection to the state in which it reads requests. */
  greet(conversation: RecordedConversation): void
  request(text: string): Buffer
  readonly parts: Parts
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
  conversation.requested(writeFrontend({ kind: 'startup', minorVersion: 0, parameters: [['user', 'a']] }), nanos(0))
  const authenticated = { kind: 'authentication', method: 0, bytes: Buffer.alloc(0) } as const
  conversation.answered(Buffer.concat([writeBackend(authenticated), writeBackend({ kind: 'ready', status: 'I' })]))
}

const toMysql = (conversation: RecordedConversation): void => {
  conversation.answered(greeting(AUTOCOMMIT))
  conversation.requested(login('a'), nanos(0))
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

const FAILED = 'failed to read'

async function timeToRead({ kind, settings, greet, request }: Subject, text: string): Promise<Duration> {
  const protocol = recordedProtocols.find((each) => each.kind === kind)!
  let time = 0
  const recorder = createRecorder({ client: new RecordedLines(), now: () => nanos(++time) })
  const served = await protocol.parse(settings, 'a test').record({ recorder, node: 'n1' })
  const conversation = served.open({ host: '10.0.0.1', naming: { kind: 'said' } })
  greet(conversation)
  const bytes = request(text)
  const took = timed([() => conversation.requested(bytes, recorder.now())])
  for (const { what } of recorder.counters.examples.touched) if (what.includes(FAILED)) throw new Error(what)
  return took
}

describe.each(Object.entries(subjects))('the recorder reads client input in the form of %s', (name, subject) => {
  test(`the recorder reads input in time proportional to the length, and never blocks for ${LONGEST_MS} ms`, async () => {
    const read = (text: string) => timeToRead(subject, text)
    expect(await troublesOf(subject.parts, read, inject('seed') + name.length)).toEqual([])
  })
})
