import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { plainStyle } from '@chaosproxy/report'
import { expect } from 'vitest'
import { chaos, chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { test } from '../../../../testing/src/patient.ts'
import { blockersOf, type Examined, shortPage, wholePage } from '../../../src/doctor/page.ts'

test('chaos doctor connects to each address of a running cluster, and says which addresses answer', async () => {
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

test('chaos doctor names a configuration file before it executes the file', async () => {
  const cwd = temporaryDirectory()
  writeFileSync(join(cwd, 'chaos.config.mjs'), "process.stderr.write('it runs\\n')\nexport default {}\n")
  const { stderr } = await chaos(['doctor'], { cwd })
  expect(stderr).toMatch(/^ {2}runs chaos\.config\.mjs, which is code\n/)
})

test('chaos doctor counts the faults that can be injected, and lists them with --all', async () => {
  const short = await chaosHere(['doctor', '--target', 'raft'])
  expect(short.stdout).toMatch(/^This machine: Node \d.*\n\d+ faults can be injected into raft; --all lists them$/m)
  expect(short.stdout).toMatch(/\nReady: npx chaos run --target raft\n$/)
  expect(short.stdout).not.toContain('✘')
  const whole = await chaosHere(['doctor', '--target', 'raft', '--all'])
  const faults = whole.stdout.split('Faults raft can suffer\n')[1] ?? ''
  const [, injected] = /(\d+) faults can/.exec(short.stdout) ?? []
  expect(faults.match(/^ {2}✔/gm)).toHaveLength(Number(injected))
  expect(faults).toMatch(/^ {2}✘ .*Instead: /m)
})

test('chaos doctor prints as its last line the command that runs the checked target', async () => {
  const cwd = temporaryDirectory()
  const client = { kind: 'resp', commands: 'register' }
  writeFileSync(join(cwd, 'kv.json'), JSON.stringify({ nodes: 1, command: ['node', '-e', '{port}'], client }))
  writeFileSync(join(cwd, 'chaos.config.json'), JSON.stringify({ target: './kv.json' }))
  const lastOf = async (...typed: readonly string[]) =>
    (await chaosHere(['doctor', '--no-rehearsal', ...typed], { cwd })).stdout.trimEnd().split('\n').at(-1)
  expect(await lastOf()).toBe('Ready: npx chaos run')
  expect(await lastOf('--target', './kv.json')).toBe('Ready: npx chaos run --target ./kv.json')
})

test('chaos doctor reports a program that exits immediately, also for a target whose clients speak RESP', async () => {
  const cwd = temporaryDirectory()
  const client = { kind: 'resp', commands: 'counter' }
  const command = ['node', '-e', 'throw new Error("no disk")', '{port}']
  writeFileSync(join(cwd, 'kv.json'), JSON.stringify({ nodes: 1, command, client }))
  const { stdout, exitCode } = await chaosHere(['doctor', '--target', './kv.json'], { cwd })
  expect(stdout).toMatch(/✘ rehearsal +n1 did not start \(exit code 1\)\..*no disk.*Not ready/s)
  expect(exitCode).toBe(4)
})

test('chaos doctor lists problems that prevent a run first, and marks nothing with ✘ that the target does not need', () => {
  const fine = { ok: true, detail: 'there' }
  const docker = { what: 'docker', ok: false, detail: 'it does not answer', isNeeded: true }
  const rules = { what: 'rules', ok: false, detail: 'not root', isNeeded: false }
  const examined: Examined = {
    target: 'shop',
    machine: [{ what: 'Node', ok: true, detail: '22.1.0' }],
    needs: [
      { what: 'node', ...fine },
      { what: 'server.js', ok: false, detail: 'does not exist', remedy: 'Write it.' },
    ],
    containers: [docker, rules],
    faults: [
      { what: 'kill', ...fine },
      { what: 'clock', ok: false, detail: 'no clock' },
    ],
    isOfContainers: false,
  }
  expect(shortPage(examined, plainStyle)).toEqual([
    'What keeps shop from running',
    '  ✘ server.js  does not exist. Write it.',
    '',
    'shop',
    '  ✔ node  there',
    '',
    'This machine: Node 22.1.0',
    '1 fault can be injected into shop; --all lists it',
    '',
  ])
  const ofContainers = { ...examined, needs: [], isOfContainers: true }
  expect(shortPage(ofContainers, plainStyle).slice(0, 6)).toEqual([
    'What keeps shop from running',
    '  ✘ docker  it does not answer',
    '',
    'shop',
    '  – rules  not root',
    '',
  ])
  expect(blockersOf({ ...ofContainers, containers: [] })).toMatchObject([{ what: 'containers', ok: false }])
  expect(wholePage(examined, plainStyle).join('\n')).toMatch(/✘ docker .*✔ kill .*✘ clock/s)
})
