import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { chaosHere } from '../../../../testing/src/chaos.ts'

const directory = mkdtempSync(join(tmpdir(), 'chaos-routes-'))
afterAll(() => rmSync(directory, { recursive: true }))

const fileWith = (name: string, content: string) => {
  const path = join(directory, name)
  writeFileSync(path, content)
  return path
}
const table = fileWith(
  'routes.json',
  JSON.stringify({
    client: 'header.X-Client',
    routes: [
      { request: 'GET /kv/{key}', f: 'read', result: 'json.value' },
      { request: 'PUT /kv/{key}', f: 'write', value: 'json.value' },
    ],
  }),
)

test('chaos routes schema prints the schema of route tables', async () => {
  const { exitCode, stdout } = await chaosHere(['routes', 'schema'])
  expect(exitCode).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ title: expect.stringContaining('Route table'), required: ['routes'] })
})

describe('the check of a route table', () => {
  test('chaos routes check accepts a valid table', async () => {
    expect(await chaosHere(['routes', 'check', table])).toMatchObject({
      exitCode: 0,
      stdout: `  ${table}: 2 routes make sense\n`,
    })
    const { stdout } = await chaosHere(['routes', 'check', table, '--json'])
    expect(JSON.parse(stdout)).toEqual({ file: table, routes: 2 })
  })

  test.each([
    [
      '{"routes":[{"request":"GET /x","f":"red","result":"body"}]}',
      'route 1 (GET /x): "f" is "red", which no model knows.',
    ],
    ['{"routes":[{"request":"GET /{id}","f":"read","result":"body"}]}', 'the path has {id}, but there is no "key".'],
    ['{', 'this is not valid JSON'],
  ])('chaos routes check refuses a table: %s', async (content, message) => {
    const path = fileWith('bad.json', content)
    const { exitCode, stderr } = await chaosHere(['routes', 'check', path])
    expect(exitCode).toBe(3)
    expect(stderr.startsWith(`${path}: `)).toBe(true)
    expect(stderr).toContain(message)
  })

  test('chaos routes check refuses a function that the requested model does not have', async () => {
    const { exitCode, stderr } = await chaosHere(['routes', 'check', table, '--model', 'queue'])
    expect(exitCode).toBe(3)
    expect(stderr).toContain('"f" is "read", which the model queue does not know.')
  })
})

describe('the trial of a request', () => {
  test('chaos routes shows the events that a route table derives from a request', async () => {
    const { stdout } = await chaosHere([
      ...['routes', 'try', table, '--request', 'GET /kv/x', '--header', 'X-Client: alice'],
      ...['--answer-body', '{"value":1}'],
    ])
    expect(stdout.split('\n').slice(1)).toEqual([
      '  it is     recorded',
      '  client    alice',
      '  {"process":0,"type":"invoke","f":"read","key":"x","value":null,"session":"alice"}',
      '  {"process":0,"type":"ok","f":"read","key":"x","value":1}',
      '',
    ])
  })

  test('chaos routes reads a request and its response from files in HTTP wire format', async () => {
    const request = fileWith('request.http', 'PUT /kv/x HTTP/1.1\r\nX-Client: bob\r\n\r\n{"value":7}\r\n')
    const answer = fileWith('answer.http', 'HTTP/1.1 500 Internal Server Error\n\noops\n')
    const { stdout } = await chaosHere([
      ...['routes', 'try', table, '--request', `@${request}`, '--answer', `@${answer}`, '--json'],
    ])
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'operations',
      route: 2,
      session: 'bob',
      events: [
        { type: 'invoke', f: 'write', key: 'x', value: 7 },
        { type: 'info', error: 'status 500' },
      ],
    })
  })

  test('chaos routes reports a request that may write but has no route', async () => {
    const { stdout } = await chaosHere(['routes', 'try', table, '--request', 'POST /login'])
    expect(stdout).toContain('no route takes it')
    expect(stdout).toContain('"f":"touched"')
  })

  test.each([
    [['routes', 'try', table], "needs a request: --request 'GET /kv/x'"],
    [['routes', 'try', table, '--request', 'kv'], '--request kv: the first line is "kv". Write a method and a path'],
    [
      ['routes', 'try', table, '--request', 'GET /', '--answer', 'ok'],
      '--answer ok: the first line is "ok". Write a status',
    ],
    [
      ['routes', 'try', table, '--request', 'GET /', '--header', 'x'],
      '--header: "x" is not a header. Write X-Client: alice',
    ],
    [['routes', 'try'], 'chaos routes try needs the file of a route table'],
    [['routes', 'check', 'nope.json'], 'chaos routes check nope.json: there is no such file'],
    [['routes', 'shema'], 'there is no such action. There are: schema, check, try, suggest. Did you mean schema?'],
    [['routes', 'schema', 'x.json'], 'all route tables have one schema'],
    [
      ['routes', 'suggest', 'http://app:secret@shop'],
      'the database must be given by its address: postgres://user:password@',
    ],
    [['routes'], 'chaos routes needs schema, check FILE, try FILE or suggest DATABASE'],
  ])('chaos routes refuses the arguments %j', async (args, message) => {
    const { exitCode, stderr } = await chaosHere(args)
    expect(exitCode).toBe(3)
    expect(stderr).toContain(message)
    expect(stderr, 'a password is not repeated').not.toContain('secret')
  })
})
