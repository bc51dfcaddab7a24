import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished } from 'vitest'
import { createAuthority } from '../../../../proxy/src/tls/authority.ts'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { test } from '../../../../testing/src/patient.ts'

const ROUTES = {
  client: 'header.X-Client',
  initial: 'read',
  keys: ['x'],
  routes: [
    { request: 'GET /kv/{key}', f: 'read', key: 'path.key', result: 'json.value' },
    { request: 'PUT /kv/{key}', f: 'write', key: 'path.key', value: 'json.value' },
  ],
}

/** Two concurrent clients that write and read at the given origin. */
const CLIENT = `
  const [, , origin] = process.argv
  const ask = async (name, method, body) =>
    (await fetch(origin + '/kv/x', { method, headers: { 'X-Client': name }, body })).json()
  for (let value = 1; value <= 5; value++) {
    await Promise.all(['a', 'b'].map((name) => ask(name, 'PUT', JSON.stringify({ value: name + value }))))
    await ask('a', 'GET')
  }
`

/** Starts a store over HTTPS. With `env`, Node trusts the authority that issued the store's certificate. */
async function secureStore() {
  const directory = temporaryDirectory()
  const authority = createAuthority()
  const { certificate, key } = authority.issue(['localhost', '127.0.0.1'])
  let held: unknown = null
  const server = createServer({ cert: certificate, key }, (request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      if (request.method === 'PUT') held = JSON.parse(body).value
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ value: held }))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const path = (name: string) => join(directory, name)
  writeFileSync(path('routes.json'), JSON.stringify(ROUTES))
  writeFileSync(path('client.mjs'), CLIENT)
  writeFileSync(path('ca.pem'), authority.certificate)
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return { directory, path, address, env: { NODE_EXTRA_CA_CERTS: path('ca.pem') } }
}

describe('a service that speaks HTTPS', () => {
  test('an HTTPS service is recorded and judged through a listener without TLS', async () => {
    const { directory, path, address, env } = await secureStore()
    const { exitCode, stderr } = await chaos(
      [
        ...['record', '--upstream', `https://${address}`, '--as', path('routes.json'), '--expect', 'linearizable'],
        ...['--out', directory, '--', process.execPath, path('client.mjs'), 'http://{n1}'],
      ],
      { env },
    )
    expect(exitCode, stderr).toBe(0)
  })

  test('an HTTPS service is recorded through an HTTPS listener, and the command trusts the certificate of the listener', async () => {
    const { directory, path, address, env } = await secureStore()
    const { exitCode, stderr } = await chaos(
      [
        ...['record', '--upstream', `https://${address}`, '--listen', 'https://127.0.0.1:0'],
        ...['--as', path('routes.json'), '--expect', 'linearizable', '--out', directory],
        ...['--', process.execPath, path('client.mjs'), 'https://{n1}'],
      ],
      { env },
    )
    expect(exitCode, stderr).toBe(0)
  })

  test.each([
    ['of the command line', (place: string) => ['--upstream', `https://${place}`, '--listen', 'https://127.0.0.1:0']],
    ['of a config file', () => ['--config', 'proxies.json']],
  ])('an HTTPS service is recorded by the route table that --record names, through a proxy %s', async (_, ends) => {
    const { directory, path, address, env } = await secureStore()
    const tls = { terminate: true, originate: true }
    const proxies = [{ name: 'n1', listen: '127.0.0.1:0', upstream: address, tls }]
    writeFileSync(path('proxies.json'), JSON.stringify({ proxies }))
    writeFileSync(
      path('run.mjs'),
      `process.argv[2] = 'https://' + process.env.CHAOS_PROXY_N1\nawait import('./client.mjs')`,
    )
    const { exitCode, stdout, stderr } = await chaos(
      [
        ...['proxy', ...ends(address), '--record', 'routes.json', '--control', '127.0.0.1:0'],
        ...['--', process.execPath, path('run.mjs')],
      ],
      { env, cwd: directory },
    )
    expect(exitCode, stderr).toBe(0)
    expect(stdout).toContain('recorded 16 operations')
    const [run = ''] = readdirSync(path('chaos-results'))
    expect(readFileSync(join(path('chaos-results'), run, 'history.jsonl'), 'utf8')).toContain(
      '"f":"write","key":"x","value":"a5"',
    )
  })
})

describe('the table of --record', () => {
  test('a route table in --record is refused if no proxy of the config file can be recorded', async () => {
    const directory = temporaryDirectory()
    const proxies = [{ name: 'db', listen: '127.0.0.1:0', upstream: '127.0.0.1:1', carries: 'tcp' }]
    writeFileSync(join(directory, 'proxies.json'), JSON.stringify({ proxies }))
    const args = ['proxy', '--config', 'proxies.json', '--record', 'resp', '--control', '127.0.0.1:0', '--time', '10ms']
    const { exitCode, stderr } = await chaos(args, { cwd: directory })
    expect(stderr).toContain('Nothing would be recorded')
    expect(exitCode).toBe(3)
  })
})
