import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { importUserFile } from '@chaosproxy/targets/user-file'
import { describe, expect } from 'vitest'
import { chaosHere, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { type ProtocolModule, search, simulate } from '../../../src/index.ts'

// Tests that every promise includes recovery. If it did not, a system that stops for ever would violate nothing.

const FILE = join(root, 'packages/cli/test/simulate/authors/stops-at-a-loss.mjs')
const protocolIn = async () => (await importUserFile(FILE)) as ProtocolModule
const faults = ['loss']

describe('a protocol that hangs after its first lost message', () => {
  test('a search finds a protocol that hangs after a lost message, shrinks the failure, and its replay hangs again', async () => {
    const directory = temporaryDirectory()
    const fuzz = ['fuzz', '--protocol', FILE, '--faults', faults.join(','), '--seeds', '64', '--json']
    const found = await chaosHere(fuzz, { cwd: directory })
    expect({ exitCode: found.exitCode, stderr: found.stderr }).toMatchObject({ exitCode: 1 })
    const [results = ''] = readdirSync(join(directory, 'chaos-results'))
    const kept = join(directory, 'chaos-results', results)
    const file = join(kept, readdirSync(kept).find((name) => name === 'never-recovers.json') ?? '')
    const { operations, faults: left, found: said } = JSON.parse(readFileSync(file, 'utf8'))
    expect(said).toMatch(
      /^never recovers: Nothing was answered in the \d+\.\d+ s after everything was healed.* \(\d+ of \d+: .+\)$/,
    )
    // One acknowledged operation remains, to show that the protocol worked at first.
    expect(operations.length).toBeLessThanOrEqual(3)
    expect(left.length).toBeLessThanOrEqual(2)
    const again = await chaosHere(['replay', file, '--protocol', FILE], { cwd: directory })
    expect(again.exitCode).toBe(1)
    expect(again.stdout).toMatch(/never recovers/i)
    expect(again.stdout).toContain('the same history as was recorded, to the byte')
  })

  test('search() reports a protocol that hangs after a lost message as never recovering', async () => {
    const { found } = await search(await protocolIn(), { faults, seeds: 64, shrinkMs: 200 })
    expect(found).toMatchObject({ kind: 'unrecovered', cause: 'never recovers' })
  })

  test('a protocol passes a search for hangs if it resends lost messages', async () => {
    const sendsAgain = await protocolIn()
    const found = await search(sendsAgain, { settings: { resend: true }, faults, seeds: 200 })
    expect(found).toMatchObject({ found: undefined, vacuous: [] })
  })

  test('a run of a hanging protocol exits with 2, because nothing was answered after the faults were healed', async () => {
    const run = await chaosHere([
      ...['run', '--sim', '--protocol', FILE, '--faults', 'loss', '--time', '3s', '--seed', '1', '--json'],
      ...['--out', temporaryDirectory()],
    ])
    const { vacuous } = JSON.parse(run.stdout)
    expect(run.exitCode).toBe(2)
    expect(vacuous[0]).toMatch(
      /^nothing was answered after everything was healed, in [\d.]+ (s|min \d+ s) \(\d+ of \d+: .+\)$/,
    )
    const simulated = await simulate(await protocolIn(), { faults, seed: 1 })
    expect(simulated.vacuous[0]).toMatch(/^nothing was answered after everything was healed/)
  })

  patientTest('a protocol that hangs makes the verdict of a run on real processes unknown', async () => {
    const run = await chaosHere([
      ...['run', '--protocol', FILE, '--faults', 'loss', '--time', '3s', '--seed', '1', '--json'],
      ...['--out', temporaryDirectory()],
    ])
    expect(run.exitCode).toBe(2)
    expect(JSON.parse(run.stdout).vacuous[0]).toMatch(/^nothing was answered after everything was healed/)
  })
})
