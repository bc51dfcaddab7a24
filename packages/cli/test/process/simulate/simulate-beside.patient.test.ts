import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { chaos } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { folderWith, register } from '../../../../testing/src/racing-register.ts'

// A service that calls another service. A user's program replaces the other service.

/**
 * A fake payment service. It appends a line to the file `charged` for each request, and answers with the number of
 * lines. The file survives a kill. The service fails to start if an address in its environment is missing.
 */
const PAYMENTS = `
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
const { PORT, NODE_ID, RATE, PAYMENTS_URL, RATES_URL, SELF } = process.env
for (const url of [PAYMENTS_URL, RATES_URL, SELF]) if (!/^http:\\/\\/[^:]+:\\d+$/.test(url ?? '')) throw new Error('no address: ' + url)
createServer((request, response) => {
  appendFileSync('charged', request.url + '\\n')
  const charged = existsSync('charged') ? readFileSync('charged', 'utf8').split('\\n').length - 1 : 0
  response.end(JSON.stringify({ charged, by: NODE_ID, rate: RATE }))
}).listen(PORT)
`

const charged = (before: string, after: string): string =>
  register(`${before}
    const { by, rate } = await (await fetch(process.env['PAYMENTS_URL'] + '/' + key)).json() as { by: string; rate: string }
    if (by !== 'payments' || rate !== '3') throw new Error(by + ' ' + rate)
    ${after}`)
const WRITES = `if (now !== from) return void response.writeHead(409).end('{}')
    values.set(key, to)`
const RACING = charged('const now = values.get(key) ?? null', WRITES)
const CURED = charged('', `const now = values.get(key) ?? null\n    ${WRITES}`)

/** A folder with the service, a configuration that declares it, and the programs that run next to it. */
function shopWith(program: string): string {
  const cwd = folderWith(program)
  writeFileSync(join(cwd, 'payments.ts'), PAYMENTS)
  const beside = {
    payments: { entry: './payments.ts', environment: { RATE: '3', SELF: 'http://{peer.payments}' } },
    rates: { entry: './payments.ts', environment: { SELF: 'http://{peer-host.rates}:{peer-port.rates}' } },
  }
  const shop = { entry: './server.ts', nodes: 1, environment: { RATES: 'http://{peer.rates}' }, beside }
  writeFileSync(join(cwd, 'chaos.config.json'), JSON.stringify({ faults: [], services: { shop } }))
  return cwd
}

const some = ['--clients', '4', '--workload-set', 'cas=0.5', '--keys', '1', '--workers', '1', '--json']

describe('a second program next to the nodes of a service', () => {
  test('chaos simulate finds a race in a service that calls a second program, and a replay needs `--beside`', async () => {
    const cwd = shopWith(RACING)
    const { exitCode, stdout, stderr } = await chaos(['simulate', 'shop', '--seeds', '64', ...some], { cwd })
    expect(exitCode, stderr).toBe(1)
    const [failure] = JSON.parse(stdout).failures
    expect(failure).toMatchObject({ kind: 'violation', race: { overtaken: { file: 'server.ts' } } })
    expect(JSON.parse(readFileSync(join(cwd, failure.replay), 'utf8')).target).toContain('../payments.ts')
    writeFileSync(join(cwd, 'chaos.config.json'), '{}')
    const unnamed = await chaos(['replay', failure.replay, '--program', './server.ts'], { cwd })
    expect(unnamed).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('--beside payments=') })
    const named = ['--beside', 'payments=./payments.ts', '--beside', 'rates=./payments.ts']
    const replayed = await chaos(['replay', failure.replay, '--program', './server.ts', ...named], { cwd })
    expect(replayed.stdout).toContain('the same history as was recorded, to the byte')
  })

  test('--beside can name the second program, and an invalid name is refused', async () => {
    const cwd = shopWith(CURED)
    const search = (beside: string) =>
      chaos(['simulate', './server.ts', '--nodes', '1', '--beside', beside, '--seeds', '1', ...some], { cwd })
    const refused = await search('redis=./payments.ts')
    expect(refused).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('must have another name') })
    const mistyped = await search('pg=postgress')
    expect(mistyped).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('Did you mean postgres?') })
    expect((await search('payments')).stderr).toContain('--beside payments: write NAME=FILE.')
    // The environment of the program comes only from the configuration.
    expect((await search('payments=./payments.ts')).stderr).toContain(
      'payments.ts ended before it listened, on payments',
    )
  })

  patientTest('a second program is linearizable both next to simulated nodes and next to real nodes', async () => {
    const cwd = shopWith(CURED)
    const brief = ['--time', '1s', '--rate', '100', '--workload-set', 'cas=0.5', '--json']
    for (const world of [[], ['--sim']]) {
      const { exitCode, stdout, stderr } = await chaos(['run', ...world, ...brief], { cwd })
      expect(exitCode, stderr).toBe(0)
      expect(JSON.parse(stdout)).toMatchObject({ headline: 'linearizable', trouble: [] })
    }
  })
})
