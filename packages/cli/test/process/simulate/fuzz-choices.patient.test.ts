import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { chaos, chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'

const protocolFile = (name: string) => join(import.meta.dirname, '../../simulate/authors', `${name}.mjs`)

/** A search with a protocol in a file, as a user types it. It checks only invariants. */
async function searched(protocol: string, args: readonly string[]) {
  const out = temporaryDirectory()
  const fixed = ['--seeds', '40', '--workers', '1', '--shrink', '100ms', '--json', '--out', out]
  const { stdout, stderr, exitCode } = await chaos(['fuzz', '--protocol', protocolFile(protocol), ...fixed, ...args])
  expect(stderr).toBe('')
  const found = JSON.parse(stdout)
  return { exitCode, found, causes: found.failures.map(({ cause }: { cause: string }) => cause) }
}

describe('a search with options for protocol authors', () => {
  patientTest('a search checks invariants on the durable state at each moment if no level is promised', async () => {
    const asItIs = await searched('durable', ['--mix', 'write'])
    expect(asItIs).toMatchObject({ exitCode: 2, causes: [], found: { vacuous: ['no read succeeded in any trial'] } })
    const early = await searched('durable', ['--mix', 'write', '--bug', 'confirm-early'])
    expect(early).toMatchObject({ exitCode: 1, causes: ['on two disks'], found: { level: 'none' } })
    const replayed = await chaos(['replay', early.found.failures[0].replay, '--trust', '--json'])
    expect(JSON.parse(replayed.stdout)).toMatchObject({ kind: 'invariant', cause: 'on two disks', identical: true })
  })

  patientTest('a search lets clocks drift and jump up to the given limits', async () => {
    const clocks = ['--faults', 'clock', '--length', '3s', '--keep-going']
    const causesWith = async (...strengths: readonly string[]) =>
      (await searched('clocks', [...clocks, ...strengths])).causes.toSorted()
    expect(await causesWith('--drift', '2%', '--jump', '100ms')).toEqual([])
    expect(await causesWith('--drift', '40%', '--jump', '0')).toEqual(['in step'])
    expect(await causesWith('--drift', '0%', '--jump', '2s')).toEqual(['steadfast'])
  })

  patientTest('a search uses the given faults, clients, keys, mix and length', async () => {
    const chosen = ['--faults', 'kill', '--clients', '3', '--keys', '2', '--length', '500ms', '--mix', 'read=1,write=3']
    const { found } = await searched('durable', ['--bug', 'confirm-early', ...chosen, '--shrink', '1ms'])
    const { replay } = found.failures[0]
    const { operations, faults } = (await import(replay, { with: { type: 'json' } })).default
    for (const { f, key, client } of operations) {
      expect(['read', 'write']).toContain(f)
      expect(['x', 'y']).toContain(key)
      expect(client).toBeLessThan(3)
    }
    for (const { kind } of faults) expect(kind).toBe('kill')
  })

  test.each([
    [['--drift', '5'], '--drift 5: write a share up to 50%, such as 20% or 200ppm.'],
    [['--faults', 'kill', '--drift', '5%'], '--drift and --jump need a fault of clocks: add clock to --faults.'],
    [['--faults', 'kil'], 'Did you mean kill?'],
    [['--faults', 'error-status'], '--faults error-status: simulated runs cannot suffer this fault'],
    [['--mix', 'reed=2'], 'Did you mean read?'],
    [['--mix', 'read=0'], 'the weight of read is "0"'],
    [['--length', '5m'], '--length 5m: must be between 1ms and 60s.'],
    [
      ['--target', 'generals', '--faults', 'kill'],
      'generals promises nothing under kill. To check a level nevertheless, name it with --expect.',
    ],
    [
      ['--target', 'commit-wait', '--jump', '1s'],
      'nothing if clocks jump by more than 0 ms. To check a level nevertheless, name it with --expect',
    ],
    [['--target', 'commit-wait', '--faults', 'clock'], 'say with --drift and --jump how wrong clocks may be'],
    [
      ['--target', 'dns', '--workload', 'queue'],
      'dns does not support enqueue, dequeue, drain, which the workload queue',
    ],
    [['--target', 'dns', '--workload', 'list-append'], 'dns replicates register and no lists'],
    [['--expect', 'none', '--no-invariants'], '--no-invariants turns them off'],
  ])('a search refuses the options %j with the reason', async (args, reason) => {
    const { exitCode, stderr } = await chaosHere(['fuzz', ...args])
    expect(stderr).toContain(reason)
    expect(exitCode).toBe(3)
  })
})
