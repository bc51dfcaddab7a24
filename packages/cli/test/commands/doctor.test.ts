import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { expect } from 'vitest'
import { chaos, chaosHere, temporaryDirectory } from '../chaos.ts'
import { test } from '../patient.ts'

test('chaos doctor connects to each address of a running cluster, and says which ones answer', async () => {
  const servers = [createServer(), createServer()]
  for (const server of servers) await once(server.listen(0, '127.0.0.1'), 'listening')
  const [up, down] = servers.map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`)
  servers[1]?.close()
  try {
    const cwd = temporaryDirectory()
    const nodes = [up, down].map((client) => ({ addresses: { client } }))
    const client = { kind: 'resp', commands: 'register' }
    const cluster = join(cwd, 'cluster.json')
    writeFileSync(cluster, JSON.stringify({ nodes, client }))
    const { exitCode, stdout, stderr } = await chaosHere(['doctor', '--target', cluster], { cwd })
    expect(stderr).toBe('')
    expect(stdout).toMatch(new RegExp(`✔ n1 +${up} answers`))
    expect(stdout).toMatch(new RegExp(`✘ n2 +${down} does not answer: ECONNREFUSED. Start the server`))
    expect(exitCode).toBe(4)
  } finally {
    servers[0]?.close()
  }
})

test('chaos doctor names a configuration before it runs it', async () => {
  const cwd = temporaryDirectory()
  writeFileSync(join(cwd, 'chaos.config.mjs'), "process.stderr.write('it runs\\n')\nexport default {}\n")
  const { stderr } = await chaos(['doctor'], { cwd })
  expect(stderr).toMatch(/^ {2}runs chaos\.config\.mjs, which is code\n/)
})
