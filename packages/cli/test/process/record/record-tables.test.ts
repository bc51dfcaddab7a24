import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'

// A mistake or a gap in a route table must not lead to a verdict on the service.

/**
 * A service that stores values, and adds members to its replies. If it loses a write, later reads do not find the
 * written value.
 */
async function serve(loses: boolean): Promise<string> {
  const store = new Map<string, number>()
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const key = request.url?.replace(/^\/cache/, '').replace(/\?.*/, '') ?? ''
    if (request.method === 'PUT' && !loses) store.set(key, JSON.parse(body).value)
    const value = store.get(key)
    if (request.method === 'GET' && value === undefined) response.statusCode = 404
    response.end(JSON.stringify(request.method === 'GET' ? { value, text: String(value) } : {}))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

const CLIENT = `
const [at, path] = process.argv.slice(1)
const ask = (to, options) => fetch('http://' + at + to, options).then((answer) => answer.text())
const use = async (client) => {
  for (let i = 0; i < 6; i++) {
    await ask('/kv/x', { method: 'PUT', body: JSON.stringify({ value: client * 100 + i }) })
    await ask('/kv/x')
    await ask(path)
  }
}
await Promise.all([1, 2].map(use))
`

async function record(read: object, { path = '/kv/x', loses = false } = {}) {
  const directory = temporaryDirectory()
  const routes = join(directory, 'routes.json')
  const write = { request: 'PUT /kv/{key}', f: 'write', value: 'json.value' }
  writeFileSync(routes, JSON.stringify({ routes: [{ request: 'GET /kv/{key}', f: 'read', ...read }, write] }))
  const options = ['--upstream', await serve(loses), '--as', routes, '--out', directory, '--expect', 'linearizable']
  const client = ['--', 'node', '--input-type=module', '-e', CLIENT, '{n1}', path]
  const { stdout, exitCode } = await chaosHere(['record', ...options, '--quiet', ...client])
  return `${exitCode} ${stdout}`
}

test('a route table that reads a different field than it writes is reported; the correct table gives the verdict linearizable', async () => {
  const wrong = await record({ result: 'json.text' })
  const right = await record({ result: 'json.value' })
  expect(wrong).toMatch(
    /^2 \? .* reads returned what nobody wrote: x was written \d+ and read "\d+" \(of another type\)/,
  )
  expect(right).toMatch(/^0 ✔ .*: Linearizable\n$/)
})

test('the verdict of a recording is printed together with the requests that have no route', async () => {
  const said = await record({ result: 'json.value' }, { path: '/cache/kv/x' })
  expect(said).toMatch(/^0 ✔ .*: Linearizable \(12 requests were forwarded, not checked: GET \/cache\/kv\/x 12×\)\n$/)
})

test('a service that loses all data does not pass, even if reads of missing keys count as failed', async () => {
  const leftOut = await record({ result: 'json.value', outcomes: { 404: 'fail' } }, { loses: true })
  const absent = await record({ result: 'json.value', outcomes: { 404: 'absent' } }, { loses: true })
  expect(leftOut).toMatch(/^2 \? .*Inconclusive: .*a lost write looks like this\. Have the route say "absent"/)
  expect(absent).toMatch(/^1 ✘ .*not linearizable/i)
})
