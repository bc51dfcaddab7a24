import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { chaos, chaosHere, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { installed, whySkipped } from '../../../../testing/src/servers.ts'

// Unmodified programs call an unmodified service. Only a route table describes the service.

const ROUTES = join(root, 'examples', 'kv', 'routes.json')

/** Chooses the value that a read returns from all values of the key, oldest first. */
type ReadPolicy = (values: readonly string[]) => string | undefined

const newest: ReadPolicy = (values) => values.at(-1)
const lastButOne: ReadPolicy = (values) => values.at(-2) ?? values.at(-1)

/** Serves GET and PUT for /kv/KEY, like the service in examples/kv. */
async function serveKeys(read: ReadPolicy): Promise<string> {
  const store = new Map<string, string[]>()
  const server = createServer(async (request, response) => {
    const key = request.url ?? ''
    const values = store.get(key) ?? []
    if (request.method === 'PUT') {
      store.set(key, [...values, await textOf(request)].slice(-2))
      response.writeHead(204).end()
      return
    }
    const value = read(values)
    if (value === undefined) response.writeHead(404)
    response.end(value)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

/** Runs the program with a recording proxy in front of the service, and checks the record. */
async function recordAndCheck(read: ReadPolicy, program: readonly string[]) {
  const history = join(temporaryDirectory(), 'history.jsonl')
  const upstream = await serveKeys(read)
  const options = ['--control', '127.0.0.1:0', '--upstream', upstream, '--record', ROUTES, '--out', history]
  const recorded = await chaos(['proxy', ...options, '--', ...program])
  expect(recorded).toMatchObject({ exitCode: 0 })
  const checked = await chaosHere(['check', history, '--expect', 'linearizable'])
  return { recorded, checked }
}

/** Two concurrent clients that write and read the same key. */
const CURL = `
use() {
  for i in 1 2 3 4 5; do
    curl -sSf -T - "http://$CHAOS_PROXY_N1/kv/x" <<END || exit 1
$1.$i
END
    curl -sSf "http://$CHAOS_PROXY_N1/kv/x" >/dev/null || exit 1
  done
}
use a & first=$!
use b && wait $first
`

const WRK = `
local number = 0
request = function()
  number = number + 1
  local path = '/kv/key' .. math.random(200)
  if math.random() < 0.5 then return wrk.format('GET', path, { ['Content-Length'] = '0' }, '') end
  return wrk.format('PUT', path, nil, 'value ' .. number)
end
`

/** Runs wrk for one second, its shortest duration. */
function wrk(): readonly string[] {
  const script = join(temporaryDirectory(), 'keys.lua')
  writeFileSync(script, WRK)
  return ['sh', '-c', `wrk -t1 -c8 -d1s -s ${script} "http://$CHAOS_PROXY_N1"`]
}

const curl = ['sh', '-c', CURL]

test('a key-value service is linearizable under the traffic of curl', async (context) => {
  if (installed('curl') === undefined) return context.skip(whySkipped('curl'))
  const { recorded, checked } = await recordAndCheck(newest, curl)
  expect(recorded.stdout).toContain('recorded 20 operations (20 ok, 0 failed, 0 of unknown outcome)')
  expect(checked).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/linearizable +. met/) })
})

test('chaos record finds stale reads in the traffic of curl', async (context) => {
  if (installed('curl') === undefined) return context.skip(whySkipped('curl'))
  const { checked } = await recordAndCheck(lastButOne, curl)
  expect(checked).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/linearizable +. violated/) })
})

test('a key-value service is linearizable under wrk, and every request of wrk is recorded', async (context) => {
  if (installed('wrk') === undefined) return context.skip(whySkipped('wrk'))
  const { recorded, checked } = await recordAndCheck(newest, wrk())
  const answered = Number(/(\d+) requests in/.exec(recorded.stdout)?.[1])
  const operations = Number(/recorded ([\d,]+) operations/.exec(recorded.stdout)?.[1]?.replaceAll(',', ''))
  // The program exits while requests are in progress. Each connection has at most one such request.
  expect(answered).toBeGreaterThan(0)
  expect(operations - answered).toBeGreaterThanOrEqual(0)
  expect(operations - answered).toBeLessThanOrEqual(8)
  expect(recorded.stdout).not.toContain('recognised')
  expect(checked).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/linearizable +. met/) })
})
