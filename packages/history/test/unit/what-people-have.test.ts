import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { FAIL, type History, INFO, inputOf, OK, outputOf, UserError } from '@chaosproxy/history'
import { parseMapping, type ReadOptions, readHistory, takenText } from '@chaosproxy/history/files'
import { afterAll, describe, expect, test } from 'vitest'

const directory = mkdtempSync(join(tmpdir(), 'chaos-have-'))
afterAll(() => rmSync(directory, { recursive: true }))

let count = 0
function file(content: string | Uint8Array, name = `h${++count}`): string {
  const path = join(directory, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}

const OUTCOMES = ['ok', 'fail', 'info']

/** Each operation as `process f key input > outcome output`. */
const shape = (history: History): readonly string[] =>
  Array.from({ length: history.operations.length }, (_, row) => {
    const { process, f, outcome, key } = history.operations
    const on = history.keys[key[row] ?? -1]
    const input = JSON.stringify(inputOf(history, row))
    const answered = JSON.stringify(outputOf(history, row))
    return `${history.processName(process[row] ?? 0)} ${history.functions[f[row] ?? 0]}${on === undefined ? '' : ` ${on}`} ${input} > ${OUTCOMES[outcome[row] ?? 0]} ${answered}`
  })

const lines = (objects: readonly object[]): string => objects.map((each) => `${JSON.stringify(each)}\n`).join('')

async function readingOf(content: string, options: ReadOptions = {}): Promise<readonly string[] | string> {
  try {
    return shape(await readHistory(file(content), options))
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
}

/** A write of 1 and a read of it by another client, one line each. */
const two = (write: object, read: object): string =>
  lines([
    { client: 0, op: 'write', key: 'x', start: 10, end: 20, ...write },
    { client: 1, op: 'read', key: 'x', start: 30, end: 40, ...read },
  ])

const WRITTEN = '0 write x 1 > ok 1'
const BOTH = [WRITTEN, '1 read x null > ok 1']

describe('an "ok" that has an error', () => {
  const events = (error: unknown): string =>
    lines([
      { process: 0, type: 'invoke', f: 'write', value: 1 },
      { process: 0, type: 'ok', f: 'write', value: 1, error },
    ])
  const csv = 'client,op,value,start_ms,end_ms,status,error\n0,write,1,1000,1010,ok,timeout\n'
  const edn = '{:process 0 :type :invoke :f :write :value 1}\n{:process 0 :type :ok :f :write :value 1 :error :timeout}'

  test.each([events('timeout'), events({ code: 7 }), csv, edn])('has an unknown outcome: %s', async (content) => {
    expect(await readingOf(content)).toEqual(['0 write 1 > info 1'])
    expect((await readHistory(file(content))).warnings).toContainEqual(
      expect.stringMatching(/an operation is ok and has an error \(line \d: ".*"\); the outcome counts as unknown/),
    )
  })

  test.each(['', 'none', 'OK', false, 0, null])('is ok if the error is %j', async (error) => {
    expect(await readingOf(events(error))).toEqual(['0 write 1 > ok 1'])
  })

  test.each([events('timeout'), csv])('is ok with --map error=none: %s', async (content) => {
    expect(await readingOf(content, { mapping: parseMapping('error=none') })).toEqual(['0 write 1 > ok 1'])
  })

  test('does not retire its process', async () => {
    const content = events('timeout') + events(null)
    expect(await readingOf(content)).toEqual(['0 write 1 > info 1', '0 write 1 > ok 1'])
    expect((await readHistory(file(content))).warnings).toHaveLength(1)
  })
})

test('an answer of a key and a value names the key of its operation, unless --map key=none is given', async () => {
  const content = two({ key: undefined, value: 1 }, { key: undefined, result: { k: 'x', v: 1 } })
  expect(await readingOf(content)).toEqual(['0 write 1 > ok 1', '1 read x null > ok 1'])
  const mapping = parseMapping('key=none')
  expect(await readingOf(content, { mapping })).toEqual(['0 write 1 > ok 1', '1 read null > ok {"k":"x","v":1}'])
})

test('a path with a query is refused as a key, unless --map names the key or says that there is none', async () => {
  const rows = [
    'client,method,path,id,body,start_ms,end_ms,status,response',
    'a,PUT,/items?id=3,3,1,1000,1010,200,',
    'b,GET,/items?id=3&fresh=1,3,,1020,1030,200,1',
    'b,HEAD,/items?id=3,3,,1040,1050,200,',
  ]
  const content = `${rows.join('\n')}\n`
  expect(await readingOf(content)).toMatch(/it is unclear whether the part after the \? belongs to the key/)
  const mapped = (text: string) => readingOf(content, { mapping: parseMapping(text) })
  expect(await mapped('key=id')).toEqual(['a write 3 1 > ok 1', 'b read 3 null > ok 1'])
  expect(await mapped('key=none')).toEqual(['a write 1 > ok 1', 'b read null > ok 1'])
})

test.each([
  ['native events', '{"process":0,"type":"invoke","f":"write","value":1,"value":2}\n', 'h:1'],
  ['values', '{"process":0,"type":"invoke","f":"write","value":[{"a:":1,"value":2},{"value":1,"value":2}]}\n', 'h:1'],
  ['operations', '{"client":0,"op":"write","start":1,"end":2,"value":1,"value":2}\n', 'h:1'],
  ['cells of a table', 'client,op,value,start,end\n0,write,"{""value"":1,""value"":2}",1,2\n', 'h:2'],
])('a member that is named twice is refused in %s', async (_, content, place) => {
  await expect(readHistory(file(content, 'h'))).rejects.toThrow(
    `${place}: the member "value" is named twice, so its value is unclear. Name each member once.`,
  )
})

test('a line whose texts have colons is read if it names each member once', async () => {
  const content = '{"process":0,"type":"invoke","f":"write","value":{"a":"\\"value\\":1,\\"value\\":2","value":":{"}}\n'
  expect(await readingOf(content)).toEqual([
    '0 write {"a":"\\"value\\":1,\\"value\\":2","value":":{"} > info {"a":"\\"value\\":1,\\"value\\":2","value":":{"}',
  ])
})

describe('a member with the answer, next to a member with the value', () => {
  test.each(['ok', 'OK', true, 'acknowledged', 'success', 200, '200 OK', { status: 'ok' }, { ok: true, error: null }])(
    'a member such as "result" is read as the outcome "ok" if its value is %j',
    async (result) => {
      for (const name of ['result', 'output', 'response'])
        expect(await readingOf(two({ value: 1, [name]: result }, { value: 1, [name]: result }))).toEqual(BOTH)
    },
  )

  test.each([
    ['timeout', 'info'],
    [false, 'info'],
    [503, 'info'],
    ['failed', 'fail'],
    [409, 'fail'],
    [{ status: 'error' }, 'info'],
    [{ error: 'connection reset' }, 'info'],
    [202, 'info'],
  ])('the value %j of the member "result" gives a write the outcome %s', async (result, outcome) => {
    expect(await readingOf(two({ value: 1, result }, { value: null, result: null }))).toEqual([
      `0 write x 1 > ${outcome} 1`,
      '1 read x null > ok null',
    ])
  })

  test.each([
    ['timeout', 'info'],
    ['read ECONNRESET', 'info'],
    ['validation failed', 'fail'],
  ])('an operation with the status "failed" and the error %j has the outcome %s', async (error, outcome) => {
    expect((await readingOf(two({ value: 1, status: 'failed', error }, { value: null, result: null })))[0]).toMatch(
      new RegExp(`> ${outcome}`),
    )
  })

  test('the member "result" may be an object with both the outcome and the value', async () => {
    expect(await readingOf(two({ value: 1 }, { result: { status: 'ok', value: 1 } }))).toEqual(BOTH)
  })

  test('a read whose JSON line contains "result": "not_found" is parsed as a read that returned null', async () => {
    expect(await readingOf(two({ value: 1 }, { value: null, result: 'not_found' }))).toEqual([
      WRITTEN,
      '1 read x null > ok null',
    ])
  })

  test('a cas is read as failed if its result is false', async () => {
    const cas = { client: 2, op: 'cas', key: 'x', value: [1, 2], start: 50, end: 60 }
    expect(await readingOf(two({ value: 1 }, { result: 1 }) + lines([{ ...cas, result: false }]))).toEqual([
      ...BOTH,
      '2 cas x [1,2] > fail [1,2]',
    ])
  })
})

describe('a member that may be the outcome or the value', () => {
  test('the member "result" is the value of a read if a write wrote this value and no other member fits', async () => {
    expect(await readingOf(two({ value: true }, { result: true }))).toEqual([
      '0 write x true > ok true',
      '1 read x null > ok true',
    ])
    expect(await readingOf(two({ value: 'ok' }, { value: null, result: 'ok' }))).toEqual([
      '0 write x "ok" > ok "ok"',
      '1 read x null > ok "ok"',
    ])
  })

  test('a history is refused with a proposed --map if no member contains the value that a read returned', async () => {
    expect(await readingOf(two({ value: 1 }, { result: 'ok' }))).toMatch(
      /:2: "result" is "ok", and no member holds what a read returned. .*--map output=result/,
    )
  })

  test('a read is refused if its members "value" and "output" have different values', async () => {
    const refused = two({ value: 1 }, { value: 1, output: 2 })
    expect(await readingOf(refused)).toMatch(
      /:2: "value" is 1 and "output" is 2: .*--map output=value or --map output=output/,
    )
    expect(await readingOf(refused, { mapping: { output: 'output' } })).toEqual([WRITTEN, '1 read x null > ok 2'])
    expect(await readingOf(two({ value: 1 }, { value: null, output: 1 }))).toEqual(BOTH)
  })

  test('a history is refused if no read has a value and an unknown member may be the value', async () => {
    expect(await readingOf(two({ value: 1 }, { data: 1 }))).toMatch(/:2: no read has a value\. .*--map output=data$/)
    expect(await readingOf(two({ value: 1 }, { data: 1, output: null }))).toEqual([WRITTEN, '1 read x null > ok null'])
    expect(await readingOf(two({ value: 1 }, {}))).toEqual([WRITTEN, '1 read x null > ok null'])
  })

  test('a file of events is refused if no read has a value and an unknown member may be the value', async () => {
    const events = (...reads: readonly object[]): string => {
      const write = { process: 0, f: 'write', key: 'x', value: 1 }
      const answers = reads.flatMap((read) => [
        { process: 1, type: 'invoke', f: 'read', key: 'x' },
        { process: 1, type: 'ok', f: 'read', key: 'x', ...read },
      ])
      return lines([{ ...write, type: 'invoke' }, { ...write, type: 'ok' }, ...answers])
    }
    expect(await readingOf(events({ data: 1 }))).toMatch(/:4: no read has a value\. .*--map output=data$/)
    expect(await readingOf(events({ data: 1 }), { mapping: { output: 'data' } })).toEqual(BOTH)
    for (const read of [{ data: 1, value: null }, {}, { requestId: 'r1' }])
      expect(await readingOf(events(read))).toEqual([WRITTEN, '1 read x null > ok null'])
    expect(await readingOf(events({ data: 1 }, { value: 1 }))).toHaveLength(3)
  })

  test('a line is refused if its members "type" and "status" state different outcomes', async () => {
    expect(await readingOf(two({ value: 1, type: 'ok', status: 500 }, { value: 1 }))).toMatch(
      /"status" says .* "type"|"status".*"type"/,
    )
  })

  test('a line is refused if a write has no value or a read has arguments', async () => {
    const incomplete = two({ args: ['x', 1] }, { args: ['x'], result: 1 }).replaceAll('"key":"x",', '')
    expect(await readingOf(incomplete)).toMatch(
      /:2: "args" is \["x"\], and a read takes no value\. .*jq -c '\.key=\.args\[0\]/,
    )
    expect(await readingOf(two({}, { result: 1 }))).toMatch(/:1: this write has no value\./)
    expect(await readingOf(two({ op: 'SET', value: 1 }, { op: 'GET', response: 1 }))).toEqual([
      WRITTEN,
      '1 get x null > ok 1',
    ])
  })

  test('readHistory lists its interpretation of each JSON member, and the number of lines that have the member', async () => {
    const { taken = [] } = await readHistory(file(two({ value: 1, result: 'ok', note: 7 }, { value: 1, result: 'ok' })))
    expect(taken.map(takenText)).toEqual(
      expect.arrayContaining([
        '"result" is the outcome: "ok" in 2 of 2',
        '"note" is not used (1 of 2)',
        '"op" is the operation in 2 of 2',
      ]),
    )
  })
})

/**
 * Returns the four events of a write and a read. `names` renames their members. `types` holds the types of a call and
 * of a return.
 */
const events = (names: { readonly [member: string]: string }, types: readonly [unknown, unknown]): string => {
  const name = (member: string): string => names[member] ?? member
  return lines(
    [
      [0, 0, 'write', 5],
      [0, 1, 'write', 5],
      [1, 0, 'read', null],
      [1, 1, 'read', 5],
    ].map(([process, isReturn, f, value], n) => ({
      [name('process')]: process,
      [name('type')]: types[Number(isReturn)],
      [name('f')]: f,
      [name('value')]: value,
      [name('time')]: 10 * (n + 1),
    })),
  )
}

describe('a --map option proposed by a refusal', () => {
  test.each([
    ['a value and an output', two({ value: 1 }, { value: 1, output: 2 })],
    ['a value and an input', two({ value: 1, args: 2 }, { value: 1 })],
    ['an answer that may be an outcome', two({ value: 1 }, { result: 'ok' })],
    ['a read without a value, and a member without a role', two({ value: 1 }, { data: 1 })],
    ['an argument of a read', two({ value: 1 }, { args: 'x', result: 1 }).replaceAll('"key":"x",', '')],
    ['two outcomes', two({ value: 1, type: 'ok', status: 500 }, { value: 1 })],
    [
      'a value and a result of an event',
      lines([
        { process: 1, type: 'invoke', f: 'read' },
        { process: 1, type: 'ok', f: 'read', value: 6, result: 5 },
      ]),
    ],
    ['members that nothing tells', events({ process: 'who', f: 'what', type: 'how' }, ['invoke', 'ok'])],
  ])('the --map option that a refusal proposes is accepted: %s', async (_, content) => {
    const message = String(await readingOf(content))
    const options = [...message.matchAll(/--map (\S+)/g)].map(([, typed = '']) => typed)
    const named = options.filter((typed) => !typed.includes('MEMBER'))
    expect([message, named.length]).toEqual([message, expect.toSatisfy((length: number) => length > 0)])
    for (const typed of named) expect(await readingOf(content, { mapping: parseMapping(typed) })).toBeInstanceOf(Array)
  })
})

describe('a line that describes an HTTP request', () => {
  const put = { method: 'PUT', path: '/kv/x', body: '1', status: 200, start_ms: 10, end_ms: 20, client: 0 }
  const get = { method: 'GET', path: '/kv/x', response: '1', status: 200, start_ms: 30, end_ms: 40, client: 1 }
  const read = ['0 write /kv/x 1 > ok 1', '1 read /kv/x null > ok 1']

  test('an HTTP request becomes a write or a read of the key in its path', async () => {
    expect(await readingOf(lines([put, get]))).toEqual(read)
    expect(
      await readingOf(
        lines([
          { ...put, body: { value: 1 } },
          { ...get, response: { key: 'x', value: 1 } },
        ]),
      ),
    ).toEqual(read)
    expect(await readingOf(lines([put, { ...get, response: undefined, body: 1, path: 'http://h:80/kv/x/' }]))).toEqual(
      read,
    )
    const { start_ms, end_ms, client, ...response } = { ...get, body: '1' }
    expect(
      await readingOf(lines([put, { start_ms, end_ms, client, request: { method: 'GET', path: '/kv/x' }, response }])),
    ).toEqual(read)
  })

  test('the outcome of an HTTP request follows from its status', async () => {
    expect(
      await readingOf(
        lines([
          { ...put, status: 503 },
          { ...get, response: undefined, status: 404 },
          { ...put, method: 'DELETE', body: undefined, start_ms: 50, end_ms: 60 },
          { ...get, response: undefined, status: 500, start_ms: 70, end_ms: 80 },
          { ...put, client: 3, status: 412, start_ms: 90, end_ms: 91 },
        ]),
      ),
    ).toEqual([
      '0 write /kv/x 1 > info 1',
      '1 read /kv/x null > ok null',
      '0/2 write /kv/x null > ok null',
      '1 read /kv/x null > info null',
      '3 write /kv/x 1 > fail 1',
    ])
  })

  test('an HTTP request is refused, with the reason, if a member is missing or unclear', async () => {
    expect(await readingOf(lines([{ ...put, method: 'POST' }]))).toMatch(
      /:1: "method" is POST: .*If it replaces the record, as PUT does: sed -E '.*' FILE$/,
    )
    expect(await readingOf(lines([{ ...get, response: undefined }]))).toMatch(
      /GET \/kv\/x: no member seems to hold the returned value/,
    )
    expect(await readingOf(lines([{ ...put, body: undefined }]))).toMatch(
      /PUT \/kv\/x: no member seems to hold the written value/,
    )
    expect(await readingOf(lines([{ ...get, path: '/kv?key=x' }]))).toMatch(/"path" is \/kv\?key=x/)
  })

  test('an HTTP request is ignored and counted if it is neither a read nor a write', async () => {
    const history = await readHistory(file(lines([put, { ...get, method: 'HEAD' }, get])))
    expect(shape(history)).toEqual(read)
    expect(history.warnings).toEqual([expect.stringMatching(/1 line that tells of no operation is left out \(line 2:/)])
  })
})

test('the status 404 means that an operation failed, except for a read, a removal and a write of null', async () => {
  const operation = (client: number, f: string, value: unknown): object => ({
    ...{ client, f, key: 'x', value, status: 404 },
    ...{ start_ms: 2 * client, end_ms: 2 * client + 1 },
  })
  expect(
    await readingOf(
      lines([
        operation(0, 'write', 1),
        operation(1, 'cas', [1, 2]),
        operation(2, 'append', 'a'),
        operation(3, 'write', null),
        operation(4, 'remove', 1),
        operation(5, 'read', null),
      ]),
    ),
  ).toEqual([
    '0 write x 1 > fail 1',
    '1 cas x [1,2] > fail [1,2]',
    '2 append x "a" > fail "a"',
    '3 write x null > ok null',
    '4 remove x 1 > ok 1',
    '5 read x null > ok null',
  ])
})

describe('a table', () => {
  test('a row of a table is read even if its first cell begins like a comment', async () => {
    expect(await readingOf('end;start;client;op;value\n2;1;0;write;1\n;3;1;write;2\n# a comment\n')).toEqual([
      '0 write 1 > ok 1',
      '1 write 2 > info 2',
    ])
    expect(await readingOf('client,op,value,start,end\n#1,write,1,1,2\n--2,write,2,3,4\n')).toEqual([
      '#1 write 1 > ok 1',
      '--2 write 2 > ok 2',
    ])
  })

  test('a table is read without its last row if cells of it are cut off', async () => {
    const text = 'client,op,value,call,return\n0,write,1,1,2\n1,write,2,3'
    const history = await readHistory(file(text))
    expect(shape(history)).toEqual(['0 write 1 > ok 1'])
    expect(history.warnings).toEqual([expect.stringMatching(/:3: the last line is cut off and is left out/)])
    expect(await readingOf(`${text}\n`)).toMatch(/:3: this line has 4 cells, and the header names 5/)
  })
})

describe('events in other notations', () => {
  const read = ['0 write 5 > ok 5', '1 read null > ok 5']
  const capital = { process: 'Process', type: 'Type', f: 'F', value: 'Value', time: 'Time' }
  test.each([
    ['calls and returns', {}, ['call', 'return']],
    ['starts and ends', { type: 'event', f: 'op' }, ['start', 'end']],
    ['requests and responses', { type: 'phase', f: 'operation', process: 'client_id' }, ['request', 'response']],
    ['keywords', {}, [':invoke', ':ok']],
    ['capital members', capital, ['invoke', 'ok']],
    ['capital members and types', capital, ['Invoke', 'Ok']],
    ["Porcupine's kinds", { type: 'Kind', process: 'ClientId', f: 'Op', value: 'Value' }, [false, true]],
  ] as const)('events in other notations are read if they use %s', async (_, names, types) => {
    expect(await readingOf(events(names, types))).toEqual(read)
    expect((await readHistory(file(events(names, types)))).operations.callTime[1]).toBe(30)
  })

  test.each([
    [false, true],
    [0, 1],
  ])('events are paired by number if completions name no operation, as in Porcupine: %j, %j', async (call, end) => {
    const content = lines([
      { ClientId: 0, Kind: call, Value: { op: 'put', key: 'x', value: 'a' }, Id: 0 },
      { ClientId: 0, Kind: call, Value: { op: 'get', key: 'x' }, Id: 1 },
      { ClientId: 0, Kind: end, Value: {}, Id: 0 },
      { ClientId: 0, Kind: end, Value: { value: 'a' }, Id: 1 },
    ])
    expect(await readingOf(content)).toEqual(['0 put x "a" > ok "a"', '0/2 get x null > ok "a"'])
  })

  test('events may contain the answer in "result", unless this contradicts the member "value"', async () => {
    const invoked = { process: 1, type: 'invoke', f: 'read' }
    const ok = { process: 1, type: 'ok', f: 'read', result: 5 }
    expect(await readingOf(lines([invoked, ok]))).toEqual(['1 read null > ok 5'])
    expect(await readingOf(lines([invoked, { ...ok, value: 5, result: 'ok' }]))).toEqual(['1 read null > ok 5'])
    expect(await readingOf(lines([invoked, { ...ok, value: 6 }]))).toMatch(/:2: "value" is 6 and "result" is 5/)
  })

  test('events belong to the nemesis if their process is -1', async () => {
    const history = await readHistory(
      file(`{"process":-1,"type":"info","f":"start","value":null}\n${events({}, ['invoke', 'ok'])}`),
    )
    expect([history.nemesis.length, shape(history)]).toEqual([1, read])
  })

  test('comments and phase lines between events are skipped and counted', async () => {
    const content = `# a comment\n{"event":"phase","phase":"DRIVE","type":"info"}\n${events({}, ['invoke', 'ok'])}// the end\n`
    const history = await readHistory(file(content))
    expect(shape(history)).toEqual(read)
    expect(history.warnings).toEqual([
      expect.stringMatching(/3 lines that tell of no operation are left out \(line 1: # a comment\)/),
    ])
  })

  test('--map is refused if it names a member that no line has', async () => {
    const content = '{"who":1,"how":"invoke","what":"write","which":"x","value":1}\n'
    const mapping = { process: 'who', f: 'what', type: 'how' }
    const wrong = '--map key=wich: no line has this field. Its fields are who, how, what, which, value.'
    expect(await readingOf(content, { mapping: { ...mapping, key: 'wich' } })).toContain(wrong)
    // A file may lack the member that `--map` names for errors, because perhaps no operation failed.
    expect(await readingOf(content, { mapping: { ...mapping, error: 'wrong' } })).toBeInstanceOf(Array)
    const operation = '{"who":1,"what":"read","which":"x","out":1,"call":1,"return":2}\n'
    expect(await readingOf(operation, { mapping: { process: 'who', f: 'what', key: 'wich' } })).toContain(
      '--map key=wich',
    )
  })

  test('events are read from the members that --map names', async () => {
    const content = events({ process: 'who', f: 'what', type: 'how' }, ['invoke', 'ok'])
    expect(await readingOf(content)).toMatch(/:1: .*--map/)
    expect(await readingOf(content, { mapping: { process: 'who', f: 'what', type: 'how' } })).toEqual(read)
  })
})

describe('one-line operations with timestamps', () => {
  const read = ['0 write 7 1 > ok 1', '1 read 7 null > ok 1']
  const shared = { key: 7, value: 1 }

  test('an operation with one time begins at that time, and ends after its latency', async () => {
    const content = lines([
      { client: 0, op: 'write', ...shared, ts: '2026-01-01T00:00:00.000000010Z', latency_ms: 1e-5, ok: true },
      { client: 1, op: 'read', ...shared, ts: '2026-01-01T00:00:00.000000030Z', latency_ms: 1e-5, ok: true },
    ])
    const history = await readHistory(file(content))
    expect(shape(history)).toEqual(read)
    expect([...history.operations.returnTime.slice(0, 2)]).toEqual([10, 30])
    expect(history.warnings[0]).toMatch(/"ts" is read as the time of the call. .*--map return=ts/)
  })

  test('an operation with one time ends at that time if operations of a client would otherwise overlap', async () => {
    const content = lines([
      { client: 0, op: 'write', ...shared, ts_ms: 20, latency_ms: 10 },
      { client: 0, op: 'write', ...shared, ts_ms: 35, latency_ms: 12 },
      { client: 0, op: 'read', ...shared, ts_ms: 40, latency_ms: 3 },
    ])
    const history = await readHistory(file(content))
    expect(history.processCount).toBe(1)
    expect(history.warnings.join()).toMatch(/"ts_ms" is read as the time of the return/)
  })

  test('an operation with one time begins at that time if operations of a client would otherwise overlap', async () => {
    const content = lines([
      { client: 0, op: 'write', ...shared, ts_ms: 20, latency_ms: 10 },
      { client: 0, op: 'read', ...shared, ts_ms: 31, latency_ms: 12 },
      { client: 1, op: 'read', ...shared, ts_ms: 40, latency_ms: 3 },
    ])
    const history = await readHistory(file(content))
    expect(history.warnings.join()).toMatch(/"ts_ms" is read as the time of the call/)
  })

  test('refuses one time and a duration if the order of operations depends on the meaning of the time', async () => {
    const write = { client: 0, op: 'write', ...shared, ts_ms: 100, latency_ms: 50 }
    const read = { client: 1, op: 'read', ...shared, ts_ms: 170, latency_ms: 100 }
    await expect(readHistory(file(lines([write, read])))).rejects.toThrow(
      /:1: it is unclear whether "ts_ms" is the time of the call or of the return, .* --map call=ts_ms or --map return=/,
    )
    for (const mapping of [{ call: 'ts_ms' }, { returned: 'ts_ms' }])
      expect((await readHistory(file(lines([write, read])), { mapping })).operations.length).toBe(2)
  })

  test('refuses a time of a return without a duration, because the call is unknown', async () => {
    const content = lines([
      { client: 0, op: 'write', ...shared, ts_ms: 20, latency_ms: 10 },
      { client: 0, op: 'write', ...shared, ts_ms: 35, latency_ms: 12 },
      { client: 0, op: 'read', ...shared, ts_ms: 40, latency_ms: 3 },
      { client: 1, op: 'write', ...shared, ts_ms: 50, latency_ms: null, status: 'timeout' },
    ])
    await expect(readHistory(file(content))).rejects.toThrow(/:4: this operation has no duration, .*call is unknown/)
  })

  test('an operation on one line may have a call time and a return time in addition to a type', async () => {
    const content = lines([
      { process: 0, f: 'write', ...shared, invoked: 10, completed: 20, type: 'ok' },
      { process: 1, f: 'read', ...shared, invoked: 30, completed: 40, type: 'ok' },
    ])
    expect(await readingOf(content)).toEqual(read)
  })

  test("operations of etcd's robustness tests are read, and unsupported requests are refused by name", async () => {
    const put = (operation: object, more: object = {}) => ({
      ClientID: 0,
      Input: { Type: 'txn', Range: null, Txn: { Conditions: null, OperationsOnSuccess: [operation], ...more } },
      Call: 10,
      Output: { Txn: { Results: [] }, Revision: 2, Error: '' },
      Return: 20,
    })
    const write = put({ Type: 'put-operation', Put: { Key: 'k', Value: { Value: '1', Hash: 0 } } })
    const range = (End: string, KVs: readonly object[]) => ({
      ClientID: 1,
      Input: { Type: 'range', Range: { Start: 'k', End, Limit: 0, Revision: 0 }, Txn: null },
      Call: 30,
      Output: { Range: { KVs, Count: 1 }, Error: '' },
      Return: 40,
    })
    const found = [{ Key: 'k', Value: { Value: '1', Hash: 0 }, ModRevision: 2 }]
    expect(await readingOf(lines([write, range('', found)]))).toEqual([
      '0 write k "1" > ok "1"',
      '1 read k null > ok "1"',
    ])
    expect(await readingOf(lines([write, range('', [])]))).toEqual([
      '0 write k "1" > ok "1"',
      '1 read k null > ok null',
    ])
    expect(await readingOf(lines([write, range('z', found)]))).toMatch(/:2: this range reads several keys .*jq -c/)
    expect(await readingOf(lines([put({}, { Conditions: [{}] })]))).toMatch(
      /:1: this transaction has 1 conditions.*all lines of these keys/,
    )
    const revoke = { ...write, Input: { Type: 'leaseRevoke', LeaseRevoke: { LeaseID: 3 }, Txn: null } }
    expect(await readingOf(lines([revoke]))).toMatch(
      /:1: this line deletes the keys of a lease.*all lines of these keys/,
    )
    const compact = { ...write, Input: { Type: 'compact', Txn: null } }
    expect(await readingOf(lines([compact]))).toMatch(/:1: "Type" is "compact".*Leave such lines out/)
    expect(await readingOf(lines([{ ...write, Output: { Error: 'request timed out' } }]))).toEqual([
      '0 write k "1" > info "1"',
    ])
  })
})

describe('a table of operations', () => {
  const read = ['0 write x 5 > ok 5', '1 read x null > ok 5']
  test.each([
    ['commas', ','],
    ['tabs', '\t'],
    ['semicolons', ';'],
  ])('a table may contain events or operations, with cells separated by %s', async (_, separator) => {
    const table = (text: string): string => text.replaceAll(',', separator)
    expect(
      await readingOf(
        table(
          'process,type,f,key,value,time\n0,invoke,write,x,5,10\n0,ok,write,x,5,20\n1,invoke,read,x,,30\n1,ok,read,x,5,40\n',
        ),
      ),
    ).toEqual(read)
    expect(
      await readingOf(table('client,op,key,value,start,end,status\r\n0,write,x,5,10,20,ok\r\n1,read,x,5,30,40,ok\r\n')),
    ).toEqual(read)
  })

  test('the cells of a table may be quoted, and comments are skipped', async () => {
    expect(
      await readingOf(
        '# made by load\nclient,op,key,value,start,end\n0,write,x,"a,""b""",10,20\n# half\n1,read,x,"a,""b""",30,40\n',
      ),
    ).toEqual(['0 write x "a,\\"b\\"" > ok "a,\\"b\\""', '1 read x null > ok "a,\\"b\\""'])
  })

  test('a line of a table is refused if its number of cells differs from the header', async () => {
    expect(await readingOf('process,type,f,value\n0,invoke,write,5\n0,ok,write\n')).toMatch(
      /:3: this line has 3 cells, and the header names 4/,
    )
  })

  test('the columns of a table are read by a mapping of their names', async () => {
    expect(
      await readingOf('who,did,what,from,until\n0,write,5,10,20\n', {
        mapping: { process: 'who', f: 'did', value: 'what', call: 'from', returned: 'until' },
      }),
    ).toEqual(['0 write 5 > ok 5'])
  })
})

describe('transactions grouped by session', () => {
  const read = [
    '0 txn [["w",0,1],["w",1,1]] > ok [["w",0,1],["w",1,1]]',
    '1 txn [["r",0,null],["r",1,null]] > ok [["r",0,1],["r",1,1]]',
  ]
  test.each([
    ["AWDIT's text", 'awdit', 'w 0 1\nw 1 1\n=====\nr 0 1\nr 1 1\n'],
    ["Plume's text", 'plume', 'w(0,1,0,0)\nw(1,1,0,0)\nr(0,1,1,1)\nr(1,1,1,1)\n'],
    [
      "DBCop's JSON",
      'dbcop',
      '[[{"events":[{"Write":{"variable":0,"version":1}},{"Write":{"variable":1,"version":1}}],"committed":true}],[{"events":[{"Read":{"variable":0,"version":1}},{"Read":{"variable":1,"version":1}}],"committed":true}]]',
    ],
    [
      "DBCop's JSON with its parameters",
      'dbcop',
      '{"params":{"id":0,"n_node":2},"info":"x","data":[[{"events":[{"write":true,"variable":0,"version":1},{"write":true,"variable":1,"version":1}],"success":true}],[{"events":[{"write":false,"variable":0,"version":1},{"write":false,"variable":1,"version":1}],"success":true}]]}',
    ],
  ])('transactions grouped by session are read from %s', async (_, format, content) => {
    const history = await readHistory(file(content))
    expect([history.format, history.header?.model]).toEqual([format, 'rw-register'])
    expect(shape(history)).toEqual(read)
    // Transactions of two sessions have no order.
    expect(history.clocks?.stamps).toBeDefined()
    expect(history.warnings).toEqual([expect.stringContaining('2 transactions of 2 sessions without times')])
  })

  test('transactions may share a session, and may be marked as aborted', async () => {
    expect(await readingOf('w 0 1\n-----\nw 0 2\n=====\nr 0 ?\n')).toEqual([
      '0 txn [["w",0,1]] > ok [["w",0,1]]',
      '0 txn [["w",0,2]] > ok [["w",0,2]]',
      '1 txn [["r",0,null]] > ok [["r",0,null]]',
    ])
    expect(await readingOf('[[{"events":[{"Write":{"variable":0,"version":1}}],"committed":false}]]')).toEqual([
      '0 txn [["w",0,1]] > fail [["w",0,1]]',
    ])
  })

  test.each([
    ['Plume', 'w(0,1,0,0)\nr(0,0,1,1)\n'],
    ['DBCop', '[[{"events":[["w",0,1]]}],[{"events":[["r",0,0]]}]]'],
  ])('the registers of %s begin with 0, unless a transaction writes 0', async (_, content) => {
    expect((await readHistory(file(content))).header?.initial).toBe(0)
    const written = await readHistory(file(content.replace('0,1', '0,0')))
    expect(written.header).not.toHaveProperty('initial')
  })

  test('the registers of AWDIT begin without a value, so that no transaction may read 0', async () => {
    expect((await readHistory(file('w 0 1\n=====\nr 0 0\n'))).header).not.toHaveProperty('initial')
  })

  test('a transaction with the number -1 is aborted in the format of Plume', async () => {
    expect(await readingOf('w(0,1,0,-1)\nw(0,2,0,0)\n')).toEqual([
      '0 txn [["w",0,1]] > fail [["w",0,1]]',
      '0 txn [["w",0,2]] > ok [["w",0,2]]',
    ])
  })

  test('events of DBCop that did not succeed are omitted', async () => {
    const events =
      '{"write":true,"variable":0,"value":1,"success":true},{"write":false,"variable":0,"value":9,"success":false}'
    expect(await readingOf(`[[{"events":[${events}],"success":true}]]`)).toEqual(['0 txn [["w",0,1]] > ok [["w",0,1]]'])
  })

  test('transactions are refused if a line has an unknown form', async () => {
    expect(await readingOf('w 0 1\nx 0 1\n')).toMatch(/:2: "x 0 1" is no operation of this format/)
    expect(await readingOf('[[{"events":[{"Scan":{}}],"committed":true}]]')).toMatch(
      /transaction 0 of session 0 has an event/,
    )
  })
})

describe('a Jepsen record', () => {
  const operations = ['0\t:invoke\t:write\t31', '0\t:ok\t:write\t31', '1\t:invoke\t:read\tnil', '1\t:ok\t:read\t31']
  const read = ['0 write 31 > ok 31', '1 read null > ok 31']
  const before = '2026-03-01 10:00:00,001{GMT}\tINFO\t'

  test('a Jepsen record is read from an older log with times in brackets', async () => {
    const log = operations
      .map((line, n) => `${before}[jepsen worker 0] jepsen.util: [ ${1000 + n} ] ${line}\n`)
      .join('')
    const history = await readHistory(file(`${before}[main] jepsen.core: Running test:\n${log}`))
    expect(shape(history)).toEqual(read)
    expect(history.operations.callTime[0]).toBe(1000)
  })

  test('a Jepsen log is recognised even if its operations follow 2,000 lines of set-up messages', async () => {
    const setUp = `${before}[jepsen node n1] jepsen.db: installing\n`.repeat(2000)
    const log = operations.map((line) => `${before}[jepsen worker 0] jepsen.util: ${line}\n`).join('')
    expect(await readingOf(setUp + log)).toEqual(read)
  })

  test('a Jepsen record is read from a history.txt with numbered lines', async () => {
    expect(await readingOf(operations.map((line, n) => `${n}\t${line}\n`).join(''))).toEqual(read)
    expect(await readingOf(operations.map((line, n) => `${n} ${n * 10} ${line}\n`).join(''))).toEqual(read)
  })

  const edn = operations
    .map((line) => line.split('\t'))
    .map(([process, type, f, value]) => `{:process ${process}, :type ${type}, :f ${f}, :value ${value}}\n`)
    .join('')

  test('a Jepsen record is found in history.edn if its folder or another file of the folder is given', async () => {
    file(edn, 'store/history.edn')
    const test = file('JEPSEN\u0000\u0001', 'store/test.jepsen')
    const results = file('{:valid? true}', 'store/results.edn')
    for (const path of [join(directory, 'store'), test, results]) expect(shape(await readHistory(path))).toEqual(read)
    await expect(readHistory(file('JEPSEN\u0000\u0001'))).rejects.toThrow(
      /Jepsen's binary store. Its history is in history.edn/,
    )
  })

  test("the folder of a Jepsen test stands for the test's latest run", async () => {
    file(edn, 'tests/20260102/history.edn')
    symlinkSync('20260102', join(directory, 'tests/latest'))
    expect(shape(await readHistory(join(directory, 'tests')))).toEqual(read)
  })

  test('a Jepsen record of version and value pairs is read without the versions, with a warning that counts them', async () => {
    const content = (values: readonly string[]): string =>
      values
        .map(
          (value, n) =>
            `{:process ${Math.floor(n / 2)} :type ${n % 2 === 0 ? ':invoke' : ':ok'} :f ${n < 2 ? ':write' : n < 4 ? ':cas' : ':read'} :value ${value}}\n`,
        )
        .join('')
    const keyed = ['[7 [nil 3]]', '[7 [1 3]]', '[7 [nil [3 4]]]', '[7 [2 [3 4]]]', '[7 [nil nil]]', '[7 [2 4]]']
    const expected = ['write 3 > ok 3', 'cas [3,4] > ok [3,4]', 'read null > ok 4']
    const history = await readHistory(file(content(keyed)))
    expect(shape(history)).toEqual(expected.map((each, n) => `${n} ${each.replace(' ', ' 7 ')}`))
    expect(history.warnings).toEqual([expect.stringMatching(/3 values with a version, as in/)])
    expect(await readingOf(content(keyed.map((each) => each.slice(3, -1))), { independent: false })).toEqual(
      expected.map((each, n) => `${n} ${each}`),
    )
    // Here, values have no versions. The written values themselves are pairs.
    expect(await readingOf(content(['[nil 3]', '[nil 3]', '[[nil 3] 4]', '[[nil 3] 4]', 'nil', '4']))).toEqual([
      '0 write [null,3] > ok [null,3]',
      '1 cas [[null,3],4] > ok [[null,3],4]',
      '2 read null > ok 4',
    ])
  })

  test('a Jepsen record may have a cas of three values, the first of which is the key', async () => {
    const content =
      '{:process 0 :type :invoke :f :cas :value ["k" 1 2]}\n{:process 0 :type :ok :f :cas :value ["k" 1 2]}\n'
    expect(await readingOf(content)).toEqual(['0 cas k [1,2] > ok [1,2]'])
    const json = lines(['invoke', 'ok'].map((type) => ({ process: 0, type, f: 'cas', value: ['k', 1, 2] })))
    expect(await readingOf(json, { independent: true })).toEqual(['0 cas k [1,2] > ok [1,2]'])
  })

  test('a Jepsen record may name transactions by any function, and may mark final reads', async () => {
    const content =
      '{:process 0 :type :invoke :f :append :value [[:append 9 1]]}\n{:process 0 :type :ok :f :append :value [[:append 9 1]]}\n' +
      '{:process 1 :type :invoke :f :read :value [[:r 9 nil]] :final? true}\n{:process 1 :type :ok :f :read :value [[:r 9 [1]]] :final? true}\n'
    const history = await readHistory(file(content))
    expect(shape(history)).toEqual([
      '0 txn [["append",9,1]] > ok [["append",9,1]]',
      '1 txn [["r",9,null]] > ok [["r",9,[1]]]',
    ])
    expect(history.operations.flags[1]).not.toBe(history.operations.flags[0])
  })

  test('a Jepsen record may list the balances of accounts', async () => {
    const content =
      '{:process 0 :type :invoke :f :read :value nil}\n{:process 0 :type :ok :f :read :value [10 20]}\n' +
      '{:process 0 :type :invoke :f :transfer :value {:from 0 :to 1 :amount 5}}\n{:process 0 :type :ok :f :transfer :value {:from 0 :to 1 :amount 5}}\n'
    const history = await readHistory(file(content), { model: 'bank' })
    expect(outputOf(history, 0)).toEqual({ 0: 10, 1: 20 })
    expect(history.header?.initial).toBe('unknown')
    expect(outputOf(await readHistory(file(content)), 0)).toEqual([10, 20])
  })
})

describe('a file that is not a history', () => {
  const bytes = (...some: number[]): Uint8Array => Uint8Array.from([...some, 0, 0, 0, 0])
  test.each([
    ['an HTML page', '<!DOCTYPE html>\n<html>'],
    ['XML', '<?xml version="1.0"?>'],
    ['a PNG image', bytes(0x89, 0x50, 0x4e, 0x47)],
    ['a JPEG image', bytes(0xff, 0xd8, 0xff, 0xe0)],
    ['a PDF document', '%PDF-1.7'],
    ['a ZIP archive', bytes(0x50, 0x4b, 3, 4)],
    ['a program', bytes(0x7f, 0x45, 0x4c, 0x46)],
    ['compressed by xz', bytes(0xfd, 0x37, 0x7a, 0x58, 0x5a)],
    ['one JSON object over several lines', '{\n  "a": 1\n}\n'],
    ['one JSON object with a list in it', '{"history": [{"process": 0}]}'],
    ['a script', '#!/bin/sh\necho\n'],
    ['an OpenTelemetry export', '{"resourceSpans":[]}\n'],
    ['a single JSON value', '17\n'],
  ])('a file that is not a history is refused with its type: %s', async (what, content) => {
    await expect(readHistory(file(content))).rejects.toThrow(`this is ${what}`)
  })
})

test('the refusal of an OpenTelemetry export names a jq command whose output can be read', async () => {
  const text = (key: string, stringValue: string): object => ({ key, value: { stringValue } })
  const spanOf = (n: number, f: string, ...attributes: readonly object[]): object => ({
    ...{ name: `${f} x`, startTimeUnixNano: `15447126600000000${n}0`, endTimeUnixNano: `15447126600000000${n}5` },
    attributes: [text('db.operation', f), text('db.key', 'x'), text('client.id', `c${n}`), ...attributes],
  })
  const spans = [spanOf(1, 'write', text('db.value', '1')), spanOf(2, 'read', text('db.value', '1'))]
  const path = file(lines([{ resourceSpans: [{ scopeSpans: [{ spans }] }] }]))
  const refused = await readHistory(path).catch((error: Error) => error.message)
  const [, command = ''] = /: (jq .*)\. Then name/.exec(String(refused)) ?? []
  const flat = execFileSync('sh', ['-c', command], { encoding: 'utf8', cwd: directory })
  const mapping = parseMapping('f=db.operation,key=db.key,value=db.value,process=client.id')
  expect(shape(await readHistory(file(flat), { mapping }))).toEqual([
    'c1 write x "1" > ok "1"',
    'c2 read x null > ok "1"',
  ])
})

test.each([
  ['a table', 'client,op,key,value,call,return\n0,write,x,25,1,2\n1,read,x,2,3,4', 3],
  ['a Jepsen log', '0\t:invoke\t:write\t25\n0\t:ok\t:write\t25\n1\t:invoke\t:read\tnil\n1\t:ok\t:read\t2', 4],
])(
  'a last line without a line end in %s gets a warning, because its last value may be cut off',
  async (_, text, line) => {
    const warning = expect.stringContaining(`:${line}: the last line has no line end.`)
    expect((await readHistory(file(text))).warnings).toEqual([warning])
    expect((await readHistory(file(`${text}\n`))).warnings).toEqual([])
  },
)

test('answered reads without a value are counted in a warning', async () => {
  const content = lines([
    { process: 0, type: 'invoke', f: 'read' },
    { process: 0, type: 'ok', f: 'read', value: 1 },
    { process: 0, type: 'invoke', f: 'read' },
    { process: 0, type: 'ok', f: 'read' },
    { process: 0, type: 'invoke', f: 'write', value: 1 },
    { process: 0, type: 'ok', f: 'write' },
  ])
  expect((await readHistory(file(content))).warnings).toEqual([
    expect.stringMatching(/: a read has no value \(line 4\)/),
  ])
})

describe('clients and keys of a file of operations', () => {
  const sessionsOf = ({ processCount, sessionOf, sessionName, processName }: History): readonly string[] =>
    Array.from({ length: processCount }, (_, process) => {
      const session = sessionOf(process)
      return `${processName(process)} ${session < 0 ? '(unnamed)' : sessionName(session)}`
    })
  const table = (header: string, ...rows: readonly string[]): string => file(`${[header, ...rows].join('\n')}\n`)
  const write = { op: 'write', key: 'x', value: 1, start_ms: 1, end_ms: 2 }
  const read = { op: 'read', key: 'x', value: 1, start_ms: 3, end_ms: 4 }

  test('the header of operations without a client says that nothing names the clients', async () => {
    const { header } = await readHistory(file(lines([write, read])))
    expect(header?.sessions).toEqual({ by: 'operation', named: false })
  })

  test('an operation without a client has no session if other operations name their clients', async () => {
    const history = await readHistory(file(lines([{ ...write, client: 'a' }, read])))
    expect(history.header?.sessions).toEqual({ by: 'member "client"', named: true })
    expect(sessionsOf(history)).toEqual(['a a', 'line 2 (unnamed)'])
  })

  test('a start and an end that share only a request id name no client', async () => {
    const start = { event: 'start', requestId: 'r1', op: 'write', key: 'x', value: 1 }
    const events = [start, { event: 'end', requestId: 'r1' }]
    const history = await readHistory(file(lines(events)))
    expect(history.header?.sessions).toEqual({ by: 'operation', named: false })
    expect(sessionsOf(history)).toEqual(['r1 (unnamed)'])
    const named = events.map((each) => ({ ...each, client: 'a' }))
    expect(sessionsOf(await readHistory(file(lines(named))))).toEqual(['a a'])
  })

  test('a client keeps its session after an operation without an answer, and during overlapping operations', async () => {
    const path = table(
      'client,op,key,value,start_ms,end_ms,status',
      ...['a,write,x,1,0,10,timeout', 'a,read,x,1,20,40,ok', 'a,read,x,1,30,50,ok', 'b,read,x,1,30,50,ok'],
    )
    expect(sessionsOf(await readHistory(path))).toEqual(['a a', 'a/2 a', 'a/3 a', 'b b'])
  })

  test('overlapping starts of one client have different processes and one session', async () => {
    const start = { client: 'a', event: 'start', op: 'read', key: 'x' }
    const history = await readHistory(
      file(
        lines([
          ...[
            { ...start, id: 1 },
            { ...start, id: 2 },
          ],
          ...[
            { client: 'a', id: 1, event: 'end', result: 1 },
            { client: 'a', id: 2, event: 'end', result: 1 },
          ],
        ]),
      ),
    )
    expect(sessionsOf(history)).toEqual(['a a', 'a/2 a'])
  })

  const candidates = async (header: string, rows: readonly string[], map?: string): Promise<unknown> => {
    const mapping = map === undefined ? undefined : parseMapping(map)
    const { taken = [] } = await readHistory(table(header, ...rows), { mapping })
    return Object.fromEntries(taken.flatMap(({ member, mayBe }) => (mayBe === undefined ? [] : [[member, mayBe]])))
  }

  test.each([
    ['a column with recurring names may be the key', 'client,op,sku,value,start_ms,end_ms', { sku: ['key'] }],
    [
      'a column that is called as clients are may be the client',
      'k,op,who,value,start_ms,end_ms',
      { who: ['process'] },
    ],
    ['a column may be the client or the key', 'x,op,account,value,start_ms,end_ms', { account: ['process', 'key'] }],
    ['a column of levels is neither', 'client,op,level,value,start_ms,end_ms', {}],
  ])('an unused column is proposed for a role that no column has: %s', async (_, header, expected) => {
    const rows = ['a,write,x,2,1,2', 'a,write,y,9,3,4', 'b,read,x,2,5,6']
    const found = (await candidates(header, rows)) as { [name: string]: unknown }
    expect(found).toMatchObject(expected)
    if (Object.keys(expected).length === 0) expect(found).toEqual({})
  })

  test('a column whose values differ in every line is not proposed as the key', async () => {
    const rows = ['a,write,p,2,1,2', 'a,write,q,9,3,4', 'b,read,r,2,5,6']
    expect(await candidates('client,op,sku,value,start_ms,end_ms', rows)).toEqual({})
  })

  test('--map key=none confirms that the file has no key', async () => {
    const rows = ['a,write,x,2,1,2', 'a,write,y,9,3,4', 'b,read,x,2,5,6']
    expect(await candidates('client,op,sku,value,start_ms,end_ms', rows, 'key=none')).toEqual({})
    const { warnings } = await readHistory(table('client,op,sku,value,start_ms,end_ms', ...rows))
    expect(warnings).toEqual([
      expect.stringMatching(
        /: no member names the key, and "sku" is not used\. If it is the key: --map key=sku\. If all operations are on one object: --map key=none$/,
      ),
    ])
  })
})

describe('an acquire on one line', () => {
  const outcomeOfAcquire = async (...results: readonly unknown[]) => {
    const acquires = results.map((result, client) => ({ client, op: 'acquire', result, start: client, end: client }))
    const { operations } = await readHistory(file(lines(acquires)), { model: 'lock' })
    return operations.outcome[results.length - 1]
  }

  test.each([false, 0, -1, 'busy', 'already locked'])('failed if its answer is a refusal: %j', async (answer) => {
    expect(await outcomeOfAcquire('OK', answer)).toBe(FAIL)
  })

  test('may have failed if its answer is null, and others have an answer', async () => {
    for (const granted of ['OK', true, 33]) expect(await outcomeOfAcquire(granted, null)).toBe(INFO)
    expect(await outcomeOfAcquire(null, null)).toBe(OK)
  })
})

describe('a written record with members that have other meanings elsewhere', () => {
  const records = [
    { status: 'pending', value: 5 },
    { name: 'z', value: 5 },
    { error: 'timeout', value: 5 },
  ]

  test.each(records)('is the value of the write, and of the read that returned it: %j', async (record) => {
    const written = { client: 0, op: 'write', value: record, start: 1, end: 2 }
    const read = { client: 1, op: 'read', output: record, start: 3, end: 4 }
    const put = { client: 0, method: 'PUT', path: '/o', body: record, response: record, status: 200, start: 1, end: 2 }
    const got = { client: 1, method: 'GET', path: '/o', response: record, status: 200, start: 3, end: 4 }
    const events = [
      { client: 0, event: 'start', op: 'write', value: record, t: 1 },
      { client: 0, event: 'end', op: 'write', value: record, t: 2 },
      { client: 1, event: 'start', op: 'read', t: 3 },
      { client: 1, event: 'end', op: 'read', value: record, t: 4 },
    ]
    for (const content of [[written, read], [put, got], events]) {
      const history = await readHistory(file(lines(content)))
      expect([...history.operations.outcome.slice(0, 2)]).toEqual([OK, OK])
      expect([inputOf(history, 0), outputOf(history, 1)]).toEqual([record, record])
    }
  })
})

test('the text of an error is no value, unless it was written', async () => {
  const write = { client: 0, op: 'write', value: 1, start: 1, end: 2 }
  const read = { client: 1, op: 'read', result: 'TimeoutError: no answer', start: 3, end: 4 }
  const outcomesOf = async (...some: readonly object[]) => {
    const { outcome, length } = (await readHistory(file(lines(some)))).operations
    return [...outcome.slice(0, length)]
  }
  expect(await outcomesOf(write, read)).toEqual([OK, INFO])
  expect(await outcomesOf({ ...write, value: read.result }, read)).toEqual([OK, OK])
  for (const more of [{ message: 'connection reset' }, { timed_out: true }, { failed: true }])
    expect(await outcomesOf({ ...write, ...more }, { ...read, result: 1 })).toEqual([INFO, OK])
  for (const more of [{ message: 'stored' }, { timed_out: false }, { cached: true }])
    expect(await outcomesOf({ ...write, ...more }, { ...read, result: 1 })).toEqual([OK, OK])
})

test.each([
  ['NOT_STORED', INFO],
  ['SERVER_ERROR out of memory', INFO],
  ['permission denied', INFO],
  ['STORED', OK],
  ['rev-7', OK],
])('the reply %s to a change shows whether it may have failed', async (result, expected) => {
  for (const op of ['add', 'enqueue', 'increment', 'transfer', 'release']) {
    const { operations } = await readHistory(file(lines([{ client: 0, op, value: 1, result, start: 1, end: 2 }])))
    expect(operations.outcome[0]).toBe(expected)
  }
  const one = { client: 0, op: 'write', value: 1, result, start: 1, end: 2 }
  const two = [
    { client: 0, event: 'start', op: 'write', value: 1, t: 1 },
    { client: 0, event: 'end', op: 'write', result, t: 2 },
  ]
  for (const content of [[one], two])
    expect((await readHistory(file(lines(content)))).operations.outcome[0]).toBe(expected)
})

describe('an error in the structure of an answer', () => {
  const steps: readonly (readonly [input: object, output: object])[] = [
    [
      { op: 'put', key: 'x', value: 'a' },
      { Err: 'OK', Value: '' },
    ],
    [
      { op: 'put', key: 'x', value: 'b' },
      { Err: 'ErrTimeout', Value: '' },
    ],
    [
      { op: 'put', key: 'x', value: 'c' },
      { index: 7, error: 'no leader' },
    ],
    [{ op: 'cas', key: 'x', old: 'z', new: 'd' }, { ok: false }],
    [
      { op: 'get', key: 'x' },
      { Err: 'OK', Value: 'a' },
    ],
    [
      { op: 'get', key: 'y' },
      { Err: 'ErrNoKey', Value: '' },
    ],
  ]
  const operations = steps.map(([Input, Output], i) => ({ ClientId: i, Input, Call: 2 * i, Output, Return: 2 * i + 1 }))
  const calls = steps.flatMap(([input, output], Id) => [
    { ClientId: Id, Kind: 0, Value: input, Id },
    { ClientId: Id, Kind: 1, Value: output, Id },
  ])

  test.each([
    ['operations', operations],
    ['events', calls],
  ])('is the outcome in %s of Porcupine', async (_, written) => {
    const history = await readHistory(file(lines(written)))
    const { length, outcome } = history.operations
    expect([...outcome.slice(0, length)]).toEqual([OK, INFO, INFO, INFO, OK, OK])
    expect([4, 5].map((row) => outputOf(history, row))).toEqual(['a', null])
  })

  test('is the outcome of an event that only says that an operation returned', async () => {
    const ended = (more: object) =>
      file(
        lines([
          { client: 0, event: 'start', op: 'write', value: 1, t: 10 },
          { client: 0, event: 'end', op: 'write', t: 20, ...more },
        ]),
      )
    const lost = [{ error: 'connection refused' }, { result: { error: 'timeout' } }, { timed_out: true }]
    const outcomes = [{}, { error: null }, ...lost]
    const read = outcomes.map(async (more) => (await readHistory(ended(more))).operations.outcome[0])
    expect(await Promise.all(read)).toEqual([OK, OK, INFO, INFO, INFO])
  })
})

describe('a cas on one line without an outcome', () => {
  const cas = (more: object) =>
    file(
      lines([
        { client: 0, op: 'write', value: 1, start: 10, end: 20 },
        { client: 0, op: 'cas', value: [5, 6], start: 30, end: 40, ...more },
        { client: 0, op: 'read', value: 1, start: 50, end: 60 },
      ]),
    )
  const outcomeOfCas = async (more: object, map?: string) =>
    (await readHistory(cas(more), map === undefined ? {} : { mapping: parseMapping(map) })).operations.outcome[1]

  test.each([[{ swapped: false }], [{ rows_affected: 0 }], [{ result: 'version 7' }], [{ result: 5 }]])(
    'is refused if a member may contain the outcome: %j',
    async (more) => {
      await expect(readHistory(cas(more))).rejects.toThrow(
        /:2: "\w+" is .*: it is unclear whether this cas took effect/,
      )
      expect(await outcomeOfCas(more, 'output=none')).toBe(OK)
    },
  )

  test.each([{ swapped: false }, { rows_affected: 0 }])('has the outcome that --map names: %j', async (more) => {
    const [member = ''] = Object.keys(more)
    expect(await outcomeOfCas(more, `status=${member}`)).toBe(INFO)
    expect(await outcomeOfCas(more, `output=${member}`)).toBe(FAIL)
  })

  test('succeeded if no other member is left, or the result is true', async () => {
    for (const more of [{}, { result: true }, { result: 1 }, { node: 'n1' }, { region: 'eu' }])
      expect(await outcomeOfCas(more)).toBe(OK)
  })
})

describe('members of native events that may be the key', () => {
  const native = (member: string, header: readonly object[] = []) =>
    file(
      lines([
        ...header,
        ...[1, 2].flatMap((value) =>
          ['invoke', 'ok'].map((type) => ({ process: 0, type, f: 'write', value, [member]: `s${value}` })),
        ),
      ]),
    )

  test('an unused member of native events is named if it may be the key', async () => {
    const warning = /no member names the key, and "sku" is not used\. If it is the key: --map key=sku\./
    for (const header of [[], [{ chaos: 1, model: 'register' }]])
      expect((await readHistory(native('sku', header))).warnings.join()).toMatch(warning)
    expect((await readHistory(native('sku'), { mapping: parseMapping('key=sku') })).keys).toEqual(['s1', 's2'])
  })

  test('a native event may have its key under another known name', async () => {
    expect((await readHistory(native('k'))).keys).toEqual(['s1', 's2'])
  })

  test('members that a recorder adds are not taken for the key', async () => {
    for (const path of [native('clock'), native('trace', [{ chaos: 1, ends: true }])])
      expect((await readHistory(path)).warnings.filter((text) => text.includes('names the key'))).toEqual([])
  })
})

describe('the times of operations, one per line', () => {
  const timed = async (line: object, map?: string): Promise<unknown> => {
    const mapping = map === undefined ? undefined : parseMapping(map)
    const path = file(lines([{ client: 'a', op: 'write', key: 'x', value: 1, status: 'ok', ...line }]))
    try {
      const { callTime, returnTime } = (await readHistory(path, { mapping })).operations
      return (returnTime[0] ?? 0) - (callTime[0] ?? 0)
    } catch (error) {
      if (error instanceof UserError) return error.message.slice(path.length + 1)
      throw error
    }
  }

  test.each([
    ['a return and a duration', { end_ms: 20, took_ms: 8 }, undefined],
    ['a mapped return and a duration', { time_ms: 20, took_ms: 8 }, 'return=time_ms'],
    ['a duration with its unit', { time: '2026-11-30T10:00:00.000Z', took: '8ms' }, undefined],
    ['a duration in another unit', { time: '2026-11-30T10:00:00.000Z', took: '0.008 s' }, undefined],
    ['a duration as a decimal in quotes', { time: '2026-11-30T10:00:00Z', took_s: '0.008' }, undefined],
    ["nginx's time of a request", { time: '2026-11-30T10:00:00Z', request_time: '0.008' }, 'took=request_time'],
    [
      'times of OpenTelemetry',
      { startTimeUnixNano: '1544712660000000000', endTimeUnixNano: '1544712660008000000' },
      undefined,
    ],
  ])('an operation with %s has a call time and a return time', async (_, line, map) => {
    expect(await timed(line, map)).toBe(8_000_000)
  })

  test.each([
    [
      { start_ms: 1 },
      /this line has the time of the call, "start_ms", but neither that of the return nor a duration\. If a member has it: --map return=MEMBER or --map took=MEMBER/,
    ],
    [{ end_ms: 1 }, /this line has the time of the return, "end_ms", but neither that of the call nor a duration/],
    [{}, /"status" is "ok", and no line before began the operation\. If each line is an operation, it needs the times/],
  ])(
    'the refusal of an operation without a call time or a return time names the missing time: %j',
    async (line, message) => {
      expect(await timed(line)).toMatch(message)
    },
  )

  test.each([
    ['start', true],
    ['start_ms', undefined],
    ['call', undefined],
  ])(
    'the unit of small times is a guess if the name of the member does not show the unit: %s',
    async (name, isUnitGuessed) => {
      const content = `client,op,key,value,${name},took${name.slice(5)}\na,write,x,1,0,9000\n`
      const history = await readHistory(file(content))
      expect(history.isUnitGuessed).toBe(isUnitGuessed)
      expect(history.warnings).toHaveLength(isUnitGuessed === true ? 1 : 0)
    },
  )

  test('a time that cannot be read is refused with its text', async () => {
    const content = 'client,op,key,value,start,end\na,write,x,1,noon,one\n'
    expect(await readingOf(content)).toMatch(/:2: "start" is "noon", which is no time\. Times are numbers, or dates/)
  })

  test('the error of a wrong --map names the member that a line lacks, or whose value does not fit the role', async () => {
    const line = { start_ms: 1, end_ms: 2 }
    expect(await timed(line, 'f=req.method')).toMatch(
      /--map f=req\.method: this line has no member "req\.method"\. Its members are client, op, key, value/,
    )
    expect(await timed({ time_ms: 1, late: 'soon' }, 'took=late')).toMatch(
      /--map took=late: "late" is "soon" here, which is not a duration\./,
    )
    expect(await timed(line, 'call=start_ms,return=end_ms,process=client,f=op,key=key,value=value,status=status')).toBe(
      1e6,
    )
  })

  test('if a table lacks the column that --map names for the function, the error names the column', async () => {
    const content = 'who,what,key,value,start_ms,end_ms\na,write,x,1,1,2\n'
    expect(await readingOf(content, { mapping: parseMapping('f=nosuch,process=who') })).toMatch(
      /:2: --map f=nosuch: this line has no member "nosuch"/,
    )
  })

  test('of two body members of an HTTP request, the member that is not empty contains the value', async () => {
    const times = { start_ms: 1, end_ms: 2, client: 'a', path: '/items/a', status: 200 }
    const put = { ...times, method: 'PUT', body: '', requestBody: '1' }
    const get = { ...times, start_ms: 3, end_ms: 4, method: 'GET', requestBody: '', body: '1' }
    expect(await readingOf(lines([put, get]))).toEqual(['a write /items/a 1 > ok 1', 'a read /items/a null > ok 1'])
  })
})

describe('requests to an HTTP server, one per line', () => {
  const table = (...rows: readonly string[]): string =>
    file(`${['start_ms,end_ms,client,method,path,body,status,response', ...rows].join('\n')}\n`)

  test.each(['0', '302', '304', '500'])('the outcome of a request with the status %s is unknown', async (status) => {
    const history = await readHistory(table(`0,5,a,PUT,/items/1,1,${status},`, `6,9,a,GET,/items/1,,${status},`))
    expect(shape(history)).toEqual(['a write /items/1 1 > info 1', 'a/2 read /items/1 null > info null'])
  })

  test('the initial values in a log of requests are unknown', async () => {
    expect((await readHistory(table('0,5,a,PUT,/items/1,1,200,'))).header?.initial).toBe('unknown')
  })

  test('the sed command that an error proposes for a POST works on a table and on JSON lines', async () => {
    const row = '0,5,a,POST,/items/1,"{""kind"":""POST""}",201,'
    const line = { start_ms: 0, end_ms: 5, client: 'a', method: 'POST', path: '/items/1', body: 1, status: 201 }
    for (const path of [table(row), file(lines([line]))]) {
      const command = await readHistory(path).catch((error: Error) => /: (sed -E .*)$/.exec(error.message)?.[1] ?? '')
      const replaced = execFileSync('sh', ['-c', String(command).replace('FILE', path)], { encoding: 'utf8' })
      expect(shape(await readHistory(file(replaced)))[0]).toMatch(/^a write \/items\/1/)
    }
  })
})
