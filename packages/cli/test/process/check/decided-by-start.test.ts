import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaos, chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'

type Json = number | string | null | readonly Json[] | { readonly [name: string]: Json }
type Step = readonly [f: string, input: Json, output?: Json]

/** One client performs the operations one after another. An omitted output equals the input. */
function fileOf(model: string, ...steps: readonly Step[]): string {
  const file = join(temporaryDirectory(), `${model}.jsonl`)
  const lines: object[] = [{ chaos: 1, model, initial: 'unknown' }]
  for (const [f, value, output = value] of steps) {
    lines.push({ process: 0, type: 'invoke', f, value, key: 'k' })
    lines.push({ process: 0, type: 'ok', f, value: output, key: 'k' })
  }
  writeFileSync(file, lines.map((line) => JSON.stringify(line)).join('\n'))
  return file
}

async function checked(file: string, ...more: readonly string[]) {
  const { exitCode, stdout } = await chaosHere(['check', file, '--expect', 'linearizable', ...more])
  return { exitCode, said: stdout.replaceAll(/\s+/g, ' ') }
}

const put = (...messages: number[]): Step[] => messages.map((message) => ['enqueue', message])
const took = (...messages: (number | null)[]): Step[] => messages.map((message) => ['dequeue', null, message])
const added = (times: number): Step[] => Array.from({ length: times }, () => ['add', 1])
const read = (output: Json): Step => ['read', null, output]
const moved: Step[] = Array.from({ length: 3 }, () => ['transfer', { from: 'a', to: 'b', amount: 1 }])
const appended = (...values: number[]): Step[] => values.map((value) => ['append', value])

/** Each history meets its level with one initial value, and violates it with the value given by `initial`. */
const decided: readonly (readonly [title: string, file: () => string, says: string, initial: string])[] = [
  [
    'a counter that lost 11 of 80 additions and is read only at the end',
    () => fileOf('counter', ...added(80), read(69)),
    'k was first read after all 80 acknowledged additions. The initial value is unknown, so a loss of additions before this read would not be noticed. Give the initial value, such as --initial 0',
    '0',
  ],
  [
    'a counter that is read before the last few additions only',
    () => fileOf('counter', ...added(80), read(69), ...added(5), read(74)),
    'k was first read after 80 of 85 acknowledged additions',
    '0',
  ],
  [
    'a bank that lost a debit and is read only at the end',
    () => fileOf('bank', ...moved, read({ a: 8, b: 3 })),
    'k was first read after all 3 acknowledged changes',
    '{"a":10,"b":0}',
  ],
  [
    'a message that was put in once and taken out twice',
    () => fileOf('queue', ...put(1, 2), ...took(1, 1)),
    "Process 0 enqueued 1 on k at line 3, later process 0 dequeued 1 on k, and later process 0 dequeued 1 on k: a queue hands out each message once, in order. That is right only if something was there at the start. Give the initial value: --initial '[]' means empty",
    '[]',
  ],
  [
    'a message that was taken out before it was put in',
    () => fileOf('queue', ...took(1), ...put(1)),
    "Process 0 dequeued 1 on k at line 3, and later process 0 enqueued 1 on k: a queue hands out each message once, in order. That is right only if something was there at the start. Give the initial value: --initial '[]' means empty",
    '[]',
  ],
  [
    'messages that came out in another order than they were put in',
    () => fileOf('queue', ...put(1, 2), ...took(2, 1)),
    "Process 0 enqueued 1 on k at line 3, later process 0 enqueued 2 on k, later process 0 dequeued 2 on k, and later process 0 dequeued 1 on k: a queue hands out each message once, in order. That is right only if something was there at the start. Give the initial value: --initial '[]' means empty",
    '[]',
  ],
  [
    'a message that never came out, though a later one did',
    () => fileOf('queue', ...put(1, 2), ...took(2)),
    "Process 0 enqueued 1 on k at line 3, later process 0 enqueued 2 on k, and later process 0 dequeued 2 on k: a queue hands out each message once, in order. That is right only if something was there at the start. Give the initial value: --initial '[]' means empty",
    '[]',
  ],
  [
    'a message that nobody put in and that came out after one that somebody did',
    () => fileOf('queue', ...put(1), ...took(1, 9)),
    "Process 0 enqueued 1 on k at line 3, later process 0 dequeued 1 on k, and later process 0 dequeued 9 on k: a queue hands out each message once, in order. That is right only if other values were there at the start, not only those that nobody put in. Give the initial value: --initial '[]' means empty",
    '[]',
  ],
  [
    'a queue out of which came only what nobody put in',
    () => fileOf('queue', ...put(1, 2), ...took(8, 9)),
    'the 2 messages put into k did not come out, and nobody put in the messages that did come out',
    '[]',
  ],
  [
    'a bag out of which a message came twice',
    () => fileOf('bag', ...put(1, 2), ...took(2, 2)),
    "Process 0 enqueued 2 on k at line 5, later process 0 dequeued 2 on k, and later process 0 dequeued 2 on k: a bag hands out each message once. That is right only if something was there at the start. Give the initial value: --initial '[]' means empty",
    '[]',
  ],
  [
    'a message that a drain gave once more',
    () => fileOf('queue', ...put(1), ...took(1), ['drain', null, [1]]),
    "Process 0 enqueued 1 on k at line 3, later process 0 dequeued 1 on k, later process 0 drained 1 on k, and meanwhile process 0 drained until nothing was left on k: a queue hands out each message once, in order. That is right only if something was there at the start. Give the initial value: --initial '[]' means empty",
    '[]',
  ],
  [
    'an element that was appended once and is there twice',
    () => fileOf('list-append', ...appended(1, 2), read([1, 1, 2])),
    "Process 0 appended 1 on k at line 3, later process 0 appended 2 on k, and later process 0 read [1,1,2] on k: every read returns all that was appended before it, in one order for all. That is right only if something was there at the start. Give the initial value: --initial '[]' means empty",
    '[]',
  ],
  [
    'an element that was read before it was appended',
    () => fileOf('list-append', read([1]), ...appended(1)),
    "Process 0 read [1] on k at line 3, and later process 0 appended 1 on k: every read returns all that was appended before it, in one order for all. That is right only if something was there at the start. Give the initial value: --initial '[]' means empty",
    '[]',
  ],
  [
    'an entry of a log that was sent once and is at two offsets',
    () => fileOf('log', ['append', 'a', 1], ['read', 0, ['a', 'a']]),
    `Process 0 appended "a" and got 1 on k at line 3, and later process 0 read ["a","a"] from 0 on on k: offsets increase, and each holds one value for all. That is right only if something was there at the start. Give the initial value: --initial '[]' means empty`,
    '[]',
  ],
  [
    'an entry of a log without gaps that was read before it was appended, at another offset',
    () => fileOf('dense-log', ['read', 2, ['a']], ['append', 'a', 3]),
    'That is right only if other values were there at the start, not only those that nobody put in',
    '[]',
  ],
]

describe('a history that only an unknown initial state explains', () => {
  test.each(decided)(
    'the verdict is unknown if only an unknown initial state explains the history: %s',
    async (_, file, says) => {
      const { exitCode, said } = await checked(file())
      expect(said).toContain(says)
      expect(exitCode).toBe(2)
    },
  )

  test.each(decided)(
    'a history that only an unknown initial state explains is violated once the initial state is given: %s',
    async (_, file, __, initial) => {
      expect((await checked(file(), '--initial', initial)).exitCode).toBe(1)
    },
  )
})

test.each([
  ['a counter that was read before it was added to', () => fileOf('counter', read(7), ...added(3), read(10))],
  ['a counter that was read in the middle', () => fileOf('counter', ...added(2), read(9), ...added(2), read(11))],
  ['a counter to which nothing but nought was added', () => fileOf('counter', ['add', 0], read(3))],
  ['a bank that was read first', () => fileOf('bank', read({ a: 9, b: 1 }), ...moved, read({ a: 6, b: 4 }))],
  ['a queue of old messages and new ones, in order', () => fileOf('queue', ...put(1, 2), ...took(7, 1, 2, null))],
  ['a message that comes out as often as it was put in', () => fileOf('queue', ...put(1, 1), ...took(7, 1, 1))],
  [
    'old messages that a drain gives last',
    () => fileOf('queue', ...took(7), ['drain', null, [8, 9]], ...put(1), ...took(1)),
  ],
  ['a message that is still in the queue', () => fileOf('queue', ...put(1, 2, 3), ...took(1, 2))],
  ['a bag in another order', () => fileOf('bag', ...put(1, 2, 3), ...took(3, 9, 1))],
  ['a list of old elements and new ones', () => fileOf('list-append', ...appended(1, 2), read([7, 7, 1, 2]))],
  ['an element that was appended twice', () => fileOf('list-append', ...appended(1, 1), read([1, 1]))],
  ['a log of old entries and new ones', () => fileOf('log', ['append', 'b', 1], ['read', 0, ['a', 'b']])],
  [
    'a log whose first offset follows entries that nobody read',
    () => fileOf('dense-log', ['append', 'b', 5], ['read', 5, ['b']], ['append', 'c', 6]),
  ],
  [
    'a log whose first append lacks an offset',
    () => fileOf('dense-log', ['append', 'a', null], ['append', 'b', 5], ['read', 5, ['b']]),
  ],
  [
    'a log read in stretches',
    () => fileOf('log', ['read', 0, ['a', 'b']], ['append', 'c', 2], ['read', 1, ['b', 'c']]),
  ],
  ['a set of old elements and new ones', () => fileOf('set', ['add', 1], read([1, 7]))],
  ['a register that is read after writes only', () => fileOf('register', ['write', 1], ['write', 2], read(2))],
])('a history with %s is accepted if the initial state is unknown', async (_, file) => {
  const { exitCode, said } = await checked(file())
  expect(exitCode, said).toBe(0)
})

/** Acknowledges every request, but forgets every seventh addition and every seventh message. */
const FORGETFUL = `
  let asked = 0, sum = 0, left = []
  require('node:http').createServer((request, response) => {
    const forgets = request.method === 'POST' && ++asked % 7 === 0
    request.setEncoding('utf8')
    let body = ''
    request.on('data', (part) => { body += part })
    request.on('end', () => {
      const [, what] = request.url.split('/')
      if (request.method === 'POST' && !forgets) what === 'sum' ? sum++ : left.push(JSON.parse(body).id)
      if (request.method === 'DELETE' && left.length === 0) return response.writeHead(204).end()
      const id = request.method === 'DELETE' ? left.shift() : undefined
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(what === 'sum' ? { sum } : { id }))
    })
  }).listen(Number(process.argv[2]), '127.0.0.1')
`
const CLIENT = `
  const [address, what] = process.argv.slice(2)
  const ask = (method, id) => fetch('http://' + address + '/' + what + '/a', {
    method, ...(id === undefined ? {} : { body: JSON.stringify({ id }), headers: { 'content-type': 'application/json' } }),
  }).then((reply) => reply.text())
  ;(async () => {
    for (let i = 0; i < 20; i++) await ask('POST', i)
    for (let i = 0; i < 12; i++) await ask(what === 'sum' ? 'GET' : 'DELETE')
  })()
`
const TABLES = {
  sum: [
    { request: 'GET /sum/{key}', f: 'read', result: 'json.sum' },
    { request: 'POST /sum/{key}', f: 'add', value: { const: 1 } },
  ],
  jobs: [
    { request: 'POST /jobs/{key}', f: 'enqueue', value: 'json.id' },
    { request: 'DELETE /jobs/{key}', f: 'dequeue', result: 'json.id' },
  ],
}

describe('a recorded service that forgets what it acknowledged', () => {
  test.each([
    ['counter', 'sum', '0', /a was first read after all 20 acknowledged additions/],
    [
      'queue',
      'jobs',
      '[]',
      /enqueued 6 on a .* enqueued 7 on a .* dequeued 7 on a .* in order\. That is right only if something was there/,
    ],
  ] as const)(
    'chaos record and chaos check judge a lossy %s as unknown without --initial, and as violated with --initial',
    async (model, what, initial, says) => {
      const directory = temporaryDirectory()
      const path = (name: string) => join(directory, name)
      writeFileSync(path('server.cjs'), FORGETFUL)
      writeFileSync(path('client.cjs'), CLIENT)
      writeFileSync(path('routes.json'), JSON.stringify({ routes: TABLES[what] }))
      const recorded = async (...more: readonly string[]) => {
        const { exitCode, stdout, stderr } = await chaos([
          ...['record', '--serve', `node ${path('server.cjs')} {port}`, '--as', path('routes.json'), '--model', model],
          ...['--expect', 'linearizable', '--out', path('out'), '--json', ...more, '--', 'node', path('client.cjs')],
          ...['{n1}', what],
        ])
        return { exitCode, said: stdout + stderr, run: String(JSON.parse(stdout).run) }
      }
      const first = await recorded()
      expect(first.said).toMatch(says)
      expect(first.exitCode).toBe(2)
      const history = join(first.run, 'history.jsonl')
      expect((await checked(history)).said).toMatch(says)
      expect((await checked(history, '--initial', initial)).exitCode).toBe(1)
      expect((await recorded('--initial', initial)).exitCode).toBe(1)
    },
  )
})
