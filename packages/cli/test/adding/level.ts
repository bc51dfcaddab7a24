import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rungs } from '@chaosproxy/checker'
import { expect, test } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../testing/src/chaos.ts'

/** Two clients in turn: what each writes to x, or reads of it. */
function historyOf(...done: readonly (readonly [process: number, f: 'write' | 'read', value: number | null])[]) {
  const lines = done.flatMap(([process, f, value], i) => [
    { process, type: 'invoke', f, key: 'x', value: f === 'write' ? value : null, time: 2 * i },
    { process, type: 'ok', f, key: 'x', value, time: 2 * i + 1 },
  ])
  const file = join(temporaryDirectory(), 'history.jsonl')
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  return file
}

const forgotten = () => historyOf([0, 'write', 1], [0, 'read', null], [1, 'read', 1])
/** The client misses its own last write, yet not all of them. */
const behind = () => historyOf([0, 'write', 1], [0, 'write', 2], [0, 'read', 1])

test('a level added by one line is in the help, and is suggested for its misspelt name', async () => {
  expect((await chaosHere(['check', '--help'])).stdout).toMatch(/read-your-writes,\s+never-empty,\s+monotonic-reads/)
  const { stderr, exitCode } = await chaosHere(['check', behind(), '--expect', 'never-emty'])
  expect(stderr).toContain('Did you mean never-empty?')
  expect(exitCode).toBe(3)
})

test('a level added by one line is decided, and a violation of it violates the levels that imply it', async () => {
  const { stdout, exitCode } = await chaosHere(['check', forgotten(), '--json', '--expect', 'never-empty'])
  expect(exitCode).toBe(1)
  const { levels } = JSON.parse(stdout)
  expect(levels['never-empty']).toMatchObject({ result: 'violated' })
  expect(levels['read-your-writes']).toMatchObject({ result: 'violated' })
  expect(levels['monotonic-reads']).toMatchObject({ result: 'met' })

  const met = await chaosHere(['check', behind(), '--json', '--expect', 'never-empty'])
  expect(met.exitCode).toBe(0)
  expect(JSON.parse(met.stdout).levels).toMatchObject({
    'never-empty': { result: 'met' },
    'read-your-writes': { result: 'violated' },
  })
  const below = await chaosHere(['check', behind(), '--expect', 'sequential'])
  expect(below.stdout).toContain('expected sequential, found never-empty')
})

test('a level added by one line is described in its own words, in the terminal, in a report and in an explanation', async () => {
  const out = join(temporaryDirectory(), 'report.html')
  const { stdout } = await chaosHere(['check', forgotten(), '--level', 'never-empty', '--out', out])
  expect(stdout).toContain('NOT NEVER EMPTY AGAIN')
  expect(stdout).toMatch(/session … never-empty +✘ violated/)
  expect(stdout).toMatch(/wrote .*, but then read .*null.*, not its own/)
  // The rung is its own as well.
  expect(readFileSync(out, 'utf8')).toContain('<h3>Never empty</h3><p class="result">violated</p>')
  expect(rungs.map(({ sign }) => sign)).toEqual(['●', '⊖', '◑', '◔', '◌', '○'])
  expect((await chaosHere(['explain', forgotten()])).stdout).toContain(
    'Never-empty forbids it: a client that has written something never finds nothing in its place.',
  )
})
