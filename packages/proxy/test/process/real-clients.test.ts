import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { Pool } from 'undici'
import { expect, test } from 'vitest'
import { createRecorder } from '../../../recorder/src/record/recorder.ts'
import { recordResp } from '../../../recorder/src/redis/resp-recorder.ts'
import { installed, startPostgres, startRedis, whySkipped } from '../../../testing/src/servers.ts'
import { cleanUp } from '../../../testing/src/sockets.ts'
import { createHttpFaults } from '../../src/http/http-faults.ts'
import type { Intercept } from '../../src/interceptor/interceptor.ts'
import { recordConversations } from '../../src/interceptor/recorded-conversations.ts'
import { startRunClock } from '../../src/record-file/run-clock.ts'
import { serveHttp, textOf, textTable } from '../http/live.ts'
import { proxyBetweenTaps } from '../tap.ts'

// These tests run third-party programs through a proxy without faults. A tap on each side of the proxy keeps the
// traffic, so that both sides can be compared.

/** A body of this size is large enough for curl to send `Expect: 100-continue`. */
const LARGE = 1_500_000

const recordingHttp = (): Intercept => {
  const recorder = createRecorder({ now: startRunClock(), client: { write: () => undefined } })
  return createHttpFaults({ seed: 1, recorder }).intercept({ from: 'clients', to: 'n1', table: textTable })
}

const waysOfHttp: readonly (readonly [way: string, intercept: () => Intercept | undefined])[] = [
  ['passes bytes on', () => undefined],
  ['records HTTP', recordingHttp],
]

/** A server that uses every framing of bodies. The value of a key is the value that was last put. */
async function serveEverything() {
  const values = new Map<string, string>()
  return serveHttp(async (request, response) => {
    response.sendDate = false
    const { pathname } = new URL(request.url ?? '', 'http://n1')
    if (pathname.startsWith('/kv/')) await serveValue(values, pathname, request, response)
    else await serveFraming(pathname, request, response)
  })
}

async function serveValue(
  values: Map<string, string>,
  key: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method === 'PUT') {
    values.set(key, await textOf(request))
    response.writeHead(204).end()
  } else if (values.has(key)) response.end(values.get(key))
  else response.writeHead(404).end('nothing there')
}

async function serveFraming(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const sent = await textOf(request)
  if (path === '/gzip') response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync('g'.repeat(100_000)))
  else if (path === '/until-close') response.writeHead(200, { Connection: 'close' }).end('the end is the end')
  else if (path === '/large') response.end('l'.repeat(LARGE))
  else if (path === '/moved') response.writeHead(302, { Location: '/large' }).end()
  else if (path === '/trailers') {
    response.writeHead(200, { Trailer: 'Checksum' })
    response.write('first, ')
    response.write('second')
    response.addTrailers({ Checksum: '42' })
    response.end()
  } else response.end(`${request.method} with ${sent.length} characters`)
}

const run = promisify(execFile)
const BIG_OUTPUT = { maxBuffer: 1 << 26 }

/** Writes a file that a program can read. The file is removed after the test. */
function fileOf(name: string, text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-client-'))
  cleanUp(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, name)
  writeFileSync(file, text)
  return file
}

test.for(waysOfHttp)(
  'curl gets the same response through a proxy that %s as without a proxy',
  async ([, intercept], context) => {
    const curl = installed('curl')
    if (curl === undefined) return context.skip(whySkipped('curl'))
    const server = await serveEverything()
    const proxy = await proxyBetweenTaps(server, intercept())
    const upload = fileOf('upload', 'u'.repeat(LARGE))
    const typed: readonly (readonly string[])[] = [
      ['-i', 'n1/kv/nothing', 'n1/plain'],
      ['-i', '-T', upload, '-H', 'Expect: 100-continue', 'n1/kv/x'],
      ['-i', '-T', upload, '-H', 'Transfer-Encoding: chunked', 'n1/plain'],
      ['-i', 'n1/kv/x', 'n1/trailers', 'n1/until-close', 'n1/large'],
      ['-I', 'n1/large', 'n1/kv/x'],
      ['-i', '--compressed', 'n1/gzip'],
      ['-i', '-L', 'n1/moved'],
      ['-i', '--http1.0', 'n1/plain', 'n1/large'],
      ['-i', '-X', 'OPTIONS', '-d', '{"a":1}', 'n1/plain'],
    ]
    const outputOf = async (port: number) => {
      const args = typed.flatMap((words) => ['--next', '-sS', ...words])
      const addressed = args.slice(1).map((word) => word.replace(/^n1\//, `http://127.0.0.1:${port}/`))
      return (await run(curl, addressed, BIG_OUTPUT)).stdout
    }
    const direct = await outputOf(server.port)
    expect(direct).toContain('OPTIONS with 7 characters')
    expect(await outputOf(proxy.port)).toBe(direct)
    await proxy.expectAllUnchanged()
  },
)

test.for(waysOfHttp)('undici pipelines requests through a proxy that %s', async ([, intercept]) => {
  const server = await serveEverything()
  const proxy = await proxyBetweenTaps(server, intercept())
  const pool = new Pool(`http://${proxy.host}:${proxy.port}`, { connections: 4, pipelining: 10 })
  const ask = async (number: number): Promise<string> => {
    const path = `/kv/${number}`
    const value = `value ${number} `.repeat(number)
    await (await pool.request({ method: 'PUT', path, body: value })).body.dump()
    await (await pool.request({ method: 'HEAD', path })).body.dump()
    await (await pool.request({ method: 'GET', path: number % 2 === 0 ? '/trailers' : '/gzip' })).body.dump()
    const { body } = await pool.request({ method: 'GET', path })
    return (await body.text()) === value ? 'its own value' : `another value than ${value}`
  }
  const answers = await Promise.all(Array.from({ length: 100 }, (_, number) => ask(number + 1)))
  expect(new Set(answers)).toEqual(new Set(['its own value']))
  await pool.close()
  await proxy.expectAllUnchanged()
})

/** Every connection's first request is for a key of its own. */
const WRK_SCRIPT = `
local number = 0
request = function()
  number = number + 1
  return wrk.format(number % 2 == 0 and 'GET' or 'PUT', '/kv/' .. number, nil, 'value ' .. number)
end
`

test('wrk gets no errors through a recording proxy', async (context) => {
  const wrk = installed('wrk')
  if (wrk === undefined) return context.skip(whySkipped('wrk'))
  const proxy = await proxyBetweenTaps(await serveEverything(), recordingHttp())
  const args = ['-t1', '-c8', '-d1s', '-s', fileOf('keys.lua', WRK_SCRIPT), `http://${proxy.host}:${proxy.port}`]
  const { stdout } = await run(wrk, args)
  expect(stdout).toMatch(/[1-9]\d* requests in/)
  expect(stdout).not.toContain('Socket errors')
  await proxy.expectBeginningsUnchanged()
})

test('redis-cli writes and reads through a recording proxy', async (context) => {
  const [redisServer, redisCli] = [installed('redis-server'), installed('redis-cli')]
  if (redisServer === undefined || redisCli === undefined) return context.skip(whySkipped('redis-server', 'redis-cli'))
  const redis = await startRedis(redisServer)
  const recorder = createRecorder({ now: startRunClock(), client: { write: () => undefined } })
  const proxy = await proxyBetweenTaps(redis, recordConversations(recordResp({ recorder, node: 'n1' }), recorder))
  const say = async (text: string, ...words: string[]) => {
    const running = run(redisCli, ['-p', String(proxy.port), ...words], BIG_OUTPUT)
    running.child.stdin?.end(text)
    return (await running).stdout
  }
  const keys = Array.from({ length: 2000 }, (_, i) => i)
  const loaded = await say(keys.map((i) => `SET key${i} ${'v'.repeat(i + 1)}\r\n`).join(''), '--pipe')
  expect(loaded).toContain('errors: 0, replies: 2000')
  expect(await say(keys.map((i) => `STRLEN key${i}`).join('\n'))).toBe(`${keys.map((i) => i + 1).join('\n')}\n`)
  expect(await say('', '-3', 'HELLO', '3')).toContain('redis')
  await proxy.expectAllUnchanged()
})

const SQL = `
create table accounts (id int primary key, owner text, balance numeric check (balance >= 0));
insert into accounts select i, repeat('owner ' || i, 20), i * 1.5 from generate_series(1, 5000) i;
begin;
update accounts set balance = balance - 1 where id = 1;
select balance from accounts where id = 1;
rollback;
update accounts set balance = -1 where id = 1;
copy accounts to stdout;
copy accounts (id, owner, balance) from stdin;
100000	late	1
\\.
select count(*), sum(balance), md5(string_agg(owner, ',' order by id)) from accounts;
prepare one as select owner from accounts where id = $1;
execute one(7);
listen news;
notify news, 'hello';
select nothing;
drop table accounts;
`

test('psql prints the same result through a proxy as without a proxy', async (context) => {
  const [initdb, postgres, psql] = [installed('initdb'), installed('postgres'), installed('psql')]
  if (initdb === undefined || postgres === undefined || psql === undefined)
    return context.skip(whySkipped('initdb', 'postgres', 'psql'))
  const server = await startPostgres(initdb, postgres)
  const proxy = await proxyBetweenTaps(server, undefined)
  const outputOf = async (port: number) => {
    const args = ['-X', '-h', '127.0.0.1', '-p', String(port), '-U', 'tester', 'postgres']
    const running = run(psql, args, BIG_OUTPUT)
    running.child.stdin?.end(SQL)
    const { stdout, stderr } = await running
    return `${stdout}${stderr}`.replace(/PID \d+/, 'PID')
  }
  const direct = await outputOf(server.port)
  expect(direct).toContain('5001')
  expect(direct).toContain('violates check constraint')
  expect(await outputOf(proxy.port)).toBe(direct)
  await proxy.expectAllUnchanged()
})
