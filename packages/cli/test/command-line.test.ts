import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { commandLine, fileWord } from '../../engine/src/command-line.ts'
import type { ParsedOptions } from '../src/command.ts'
import { againCommand } from '../src/run/again.ts'
import { parseRunSettings } from '../src/run/settings.ts'

const asTheShellReadsIt = (line: string): string[] =>
  spawnSync('sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' })
    .stdout.split('\0')
    .slice(0, -1)

test('words without special characters are not quoted for a shell', () => {
  expect(commandLine(['npx', 'chaos', 'check', 'runs/a-1.jsonl', '--set', 'sync=1'])).toBe(
    'npx chaos check runs/a-1.jsonl --set sync=1',
  )
})

test('a shell splits a quoted command line into the same words', () => {
  const word = fc.string({ unit: fc.constantFrom(...' $`"\'\\!*?[]{}()<>|&;#~\n\ta-é=') })
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
      expect(asTheShellReadsIt(commandLine(words))).toEqual(words)
    }),
    { numRuns: 50 },
  )
})

test('a file whose name begins with a dash is no option', () => {
  expect([fileWord('-weird.jsonl'), fileWord('-'), fileWord('a-b')]).toEqual(['./-weird.jsonl', '-', 'a-b'])
})

const againFor = async (typed: ParsedOptions): Promise<string> =>
  againCommand((await parseRunSettings(typed)).run, 'run.json')

test('the command that repeats a run names the level that was asked for, and no other', async () => {
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
