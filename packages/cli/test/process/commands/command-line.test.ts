import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { commandLine, fileWord } from '../../../../engine/src/command-line.ts'
import { temporaryDirectory } from '../../../../testing/src/chaos.ts'
import type { ParsedOptions } from '../../../src/command.ts'
import { againCommand } from '../../../src/run/again.ts'
import { parseRunSettings } from '../../../src/run/use.ts'

const asTheShellReadsIt = (line: string): string[] =>
  spawnSync('sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' })
    .stdout.split('\0')
    .slice(0, -1)

test('words without special characters are not quoted for a shell', () => {
  expect(commandLine(['npx', 'chaos', 'check', 'runs/a-1.jsonl', '--set', 'sync=1'])).toBe(
    'npx chaos check runs/a-1.jsonl --set sync=1',
  )
})

test('a shell splits a quoted command line into the original words', () => {
  const word = fc.string({ unit: fc.constantFrom(...' $`"\'\\!*?[]{}()<>|&;#~\n\ta-é=') })
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
      expect(asTheShellReadsIt(commandLine(words))).toEqual(words)
    }),
    { numRuns: 50 },
  )
})

test('a file name that begins with a dash is prefixed with ./ so that it is not read as an option', () => {
  expect([fileWord('-weird.jsonl'), fileWord('-'), fileWord('a-b')]).toEqual(['./-weird.jsonl', '-', 'a-b'])
})

async function againFor(typed: ParsedOptions): Promise<string> {
  const { run, load, config } = await parseRunSettings(typed)
  return againCommand(run, 'run.json', config, load)
}

test('the command that repeats a run names the level only if it was given', async () => {
  const typed = {
    time: '1s',
    rate: 10,
    clients: 1,
    keys: 1,
    timeout: '1s',
    faults: 'none',
    'check-timeout': '1s',
    seed: 1,
  }
  expect(await againFor({ ...typed, expect: 'sequential' })).toContain('--expect sequential')
  expect(await againFor({ ...typed, expect: 'none' })).toContain('--expect none')
  expect(await againFor(typed)).not.toContain('--expect')
})

test('the command that repeats a run has every option whose value differs from the default', async () => {
  const typed = { time: '90s', clients: 3, 'check-timeout': '2m', 'stop-on-violation': true, require: 'lost == 0' }
  expect(await againFor({ ...typed, seed: 1, faults: 'kill' })).toBe(
    "npx chaos run --target raft --seed 1 --time 90s --clients 3 --faults kill --expect linearizable --require 'lost == 0' --stop-on-violation --check-timeout 2m",
  )
  expect(await againFor({ seed: 1 })).toBe('npx chaos run --target raft --seed 1')
})

test('the command that repeats a run names the typed faults, even if they are the default faults of the target', async () => {
  const typed = { target: 'maelstrom:unique-ids:node ./unique-ids.mjs', seed: 1 }
  expect(await againFor(typed)).not.toContain('--faults')
  expect(await againFor({ ...typed, faults: 'partition' })).toContain('--faults partition')
  expect(await againFor({ ...typed, faults: 'partition,kill,pause' })).toContain('--faults partition,kill,pause')
})

test('the command that repeats a run driven by workers also uses workers', async () => {
  const load = { queue: 'env:CHAOS_QUEUE', workers: 2, reach: '10.0.0.5' }
  expect(await againFor({ seed: 1, ...load })).toContain('--queue env:CHAOS_QUEUE --workers 2 --reach 10.0.0.5')
  const { run } = await parseRunSettings({ seed: 1 })
  expect(againCommand(run, 'run.json', './other.config.ts', load)).toContain(
    '--spec run.json --config ./other.config.ts',
  )
  expect(againCommand(run, 'run.json', './other.config.ts', load)).toContain('--queue env:CHAOS_QUEUE --workers 2')
  expect(await againFor({ seed: 1, queue: 'redis://10.0.0.5:6379' })).toMatch(/--queue redis:\/\/10\.0\.0\.5:6379$/)
})

test('a run whose clients cannot be driven by workers is refused before anything starts', async () => {
  const refused = async (typed: ParsedOptions): Promise<string> => {
    const parsing = parseRunSettings({ queue: 'redis://127.0.0.1:1', ...typed })
    return parsing.then(
      () => 'accepted',
      (error: Error) => error.message,
    )
  }
  expect(await refused({ target: 'etcd' })).toContain('--queue: workers cannot drive the clients of etcd')
  expect(await refused({ target: 'redis' })).toContain('--queue: workers cannot drive the clients of redis')
  expect(await refused({ sim: true })).toContain('Leave out --queue or --sim')
  const workload = join(temporaryDirectory(), 'mine.mjs')
  writeFileSync(
    workload,
    "export default { name: 'mine', model: 'register', functions: ['read'], create: () => ({ client: () => ({ next: () => ({ f: 'read', value: null }) }) }) }",
  )
  expect(await refused({ workload })).toContain('workers do not have the workload')
  expect(await refused({ target: 'raft' })).toBe('accepted')
})
