import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fitted } from '../src/terminal/fitted.ts'
import { chaosHere, root, temporaryDirectory } from './chaos.ts'

const WIDTH = 80
const history = (name: string) => join(root, 'histories', `${name}.jsonl`)

/** What it prints where COLUMNS says 80, as a shell does. */
async function narrow(...args: readonly string[]): Promise<readonly string[]> {
  const before = process.env['COLUMNS']
  process.env['COLUMNS'] = String(WIDTH)
  onTestFinished(() => {
    if (before === undefined) delete process.env['COLUMNS']
    else process.env['COLUMNS'] = before
  })
  const { stdout } = await chaosHere(args)
  expect(stdout).not.toBe('')
  return stdout.split('\n')
}

/** A path or a command is never broken: it is there to be copied. */
const isCopied = (line: string): boolean => /^ *\S+$|npx chaos|\.jsonl|\.html/.test(line)

const wide = (lines: readonly string[]) => lines.filter((line) => line.length > WIDTH && !isCopied(line))

describe('fits 80 columns:', () => {
  test.each([
    ['targets'],
    ['targets', '--bugs'],
    ['workloads'],
    ['reporters'],
    ['scenario'],
    ['ctl', 'kinds'],
    ['check', history('stale-read'), '--explain'],
    ['diff', history('fresh-read'), history('stale-read')],
    ['explain', history('split-brain')],
    ['run', '--help'],
    ['compare', '--help'],
  ])('chaos %s %s', async (...args) => {
    expect(wide(await narrow(...args))).toEqual([])
  })

  test('chaos run, with its tables and its contradiction', async () => {
    const broken = ['--bug', 'stale-read', '--faults', 'isolate-leader', '--seed', '3', '--require', 'lost == 0']
    const out = ['--out', temporaryDirectory()]
    expect(wide(await narrow('run', '--sim', '--time', '2s', '--rate', '150', ...broken, ...out))).toEqual([])
  })
})

describe('a list', () => {
  test('is broken at spaces, under the column that goes on, and loses nothing', () => {
    expect(fitted('  name    a summary of it, which goes on and on', 24)).toBe(
      ['  name    a summary of', '          it, which goes', '          on and on'].join('\n'),
    )
    const word = fc.string({ unit: fc.constantFrom('a', 'b', '-'), minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (words) => {
        const lines = fitted(`  x   ${words.join(' ')}`, 30).split('\n')
        expect(lines.join(' ').split(/ +/).filter(Boolean)).toEqual(['x', ...words])
        expect(lines.every((line) => line.length <= 30)).toBe(true)
      }),
    )
  })

  test('is whole where nobody says how wide a line may be', () => {
    expect(fitted('a b '.repeat(100), undefined)).toBe('a b '.repeat(100))
  })
})
