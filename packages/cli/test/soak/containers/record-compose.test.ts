import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { chaos } from '../../../../testing/src/chaos.ts'
import { rulesOnMachine, service, startPodman } from '../../../../testing/src/containers/podman.ts'
import { freePort } from '../../../../testing/src/servers.ts'

// Records an unmodified test suite that connects to the published port of a Compose project.

const { isPossible, programs, say, project, end } = startPodman()
const env = { PATH: [programs, process.env['PATH']].join(delimiter) }

const suite = (port: number, host = '127.0.0.1') => `
const url = 'http://${host}:${port}/items/x'
const end = Date.now() + 3000
for (let item = 1; item <= 20 || Date.now() < end; item++) {
  await fetch(url, { method: 'PUT', body: JSON.stringify({ item }), signal: AbortSignal.timeout(300) }).catch(() => {})
  await fetch(url, { signal: AbortSignal.timeout(300) }).then((response) => response.text(), () => {})
}
`
const routes = {
  routes: [
    { request: 'GET /items/{key}', f: 'read', result: 'json.item', outcomes: { 404: 'absent' } },
    { request: 'PUT /items/{key}', f: 'write', value: 'json.item' },
  ],
}

describe.runIf(isPossible)('the traffic of a test suite to a Compose project', () => {
  let cwd = ''
  let port = 0
  beforeAll(async () => {
    port = await freePort()
    const command = 'node /server.mjs --name n1 --data /data --listen 0.0.0.0:7000 --peer 0.0.0.0:8000'
    cwd = project('shop', [`${service('web', command)}\n    ports: ["127.0.0.1:${port}:7000"]`])
    writeFileSync(join(cwd, 'suite.mjs'), suite(port))
    writeFileSync(join(cwd, 'routes.json'), JSON.stringify(routes))
    say('podman-compose -f compose.yaml up -d', cwd)
    say(`timeout 20 bash -c 'until curl --silent http://127.0.0.1:${port}/health; do sleep 0.2; done'`)
  }, 120_000)
  afterAll(end, 120_000)

  test('chaos record records the traffic to a published port of a Compose project under faults', async () => {
    const args = ['--compose', 'compose.yaml', '--as', 'routes.json', '--faults', 'lose-reply', '--seed', '1']
    const { stdout, stderr, exitCode } = await chaos(['record', ...args, '--json', '--', 'node', 'suite.mjs'], {
      cwd,
      env,
    })
    expect(stderr).toContain(`web: 127.0.0.1:${port} and {web} lead through the proxy to `)
    const { headline, vacuous } = JSON.parse(stdout)
    // On a very busy machine the run may prove less than expected. The report then says so.
    expect(exitCode, stdout).toBe(vacuous.length > 0 ? 2 : 0)
    expect(headline, stdout).toBe('linearizable')
    expect(rulesOnMachine('published')).toEqual([])
  })

  async function recordedByProxy(suite: string, out: string): Promise<void> {
    const args = ['--control', '127.0.0.1:0', '--compose', 'compose.yaml', '--record', 'routes.json', '--out', out]
    const { stderr, exitCode } = await chaos(['proxy', ...args, '--', 'node', suite], { cwd, env })
    expect(exitCode, stderr).toBe(0)
    expect(Number(say(`grep -c '"write"' ${out}`, cwd))).toBeGreaterThan(20)
  }

  test('chaos proxy records requests to a published port of a Compose project, and the port still works afterwards', async () => {
    await recordedByProxy('suite.mjs', 'one.jsonl')
    expect(say(`curl --silent http://127.0.0.1:${port}/items/x`)).toMatch(/item/)
    expect(rulesOnMachine('published')).toEqual([])
  })

  test('chaos proxy records requests to a published port at the address ::1', async () => {
    // Not every container engine publishes ports on ::1. A server on ::1 takes the place of the published port.
    const other = createServer((_, response) => response.writeHead(418).end()).listen(port, '::1')
    await once(other, 'listening')
    onTestFinished(() => void other.close())
    writeFileSync(join(cwd, 'suite6.mjs'), suite(port, '[::1]'))
    await recordedByProxy('suite6.mjs', 'six.jsonl')
    expect((await fetch(`http://[::1]:${port}/items/x`)).status).toBe(418)
  })

  test('chaos record is refused with a remedy if the Compose project is not running', async () => {
    const args = ['--compose', 'nobodys', '--as', 'routes.json', '--', 'true']
    const { stderr, exitCode } = await chaos(['record', ...args], { cwd, env })
    expect([exitCode, stderr]).toEqual([
      4,
      expect.stringContaining('no container of this project runs. Start the project first'),
    ])
  })
})
