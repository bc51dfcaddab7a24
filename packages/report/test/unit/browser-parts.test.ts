import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Script } from 'node:vm'
import { describe, expect, test } from 'vitest'
import {
  comparisonScript,
  explorerScript,
  pageScript,
  proxiesScript,
  runsScript,
  storyPageScript,
  themeScript,
  verifyScript,
} from '../../src/html/scripts.ts'

const folder = join(import.meta.dirname, '../../src/browser')
const files = readdirSync(folder).filter((name) => name.endsWith('.ts'))
const textOf = (file: string): string => readFileSync(join(folder, file), 'utf8')

/** Returns the first lines of the statements that remain in a module when types are erased. */
const values = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => /^[a-z(['"`]/i.test(line) && !/^(import type|(export )?(type|interface)) /.test(line))

// From each module in `browser/`, a page contains only the source text of one function or class. The page contains
// nothing else that the module declares or imports.
describe.each(files)('browser/%s', (file) => {
  test('a part of the browser script declares at most one function or class, and imports only types', () => {
    const declared = values(textOf(file))
    expect(declared.length).toBeLessThanOrEqual(1)
    for (const line of declared) expect(line).toMatch(/^export (function|class) /)
  })

  test('a part of the browser script is embedded in a page unless it contains only types', () => {
    const [, name] = values(textOf(file))[0]?.match(/^export (?:function|class) (\w+)/) ?? []
    if (name !== undefined)
      expect(
        [
          pageScript,
          explorerScript,
          comparisonScript,
          runsScript,
          proxiesScript,
          storyPageScript,
          verifyScript(''),
        ].join('\n'),
      ).toMatch(new RegExp(`(function|class) ${name}\\b`))
  })
})

test.each([
  ['page', pageScript],
  ['explorer', explorerScript],
  ['proxies', proxiesScript],
  ['runs', runsScript],
  ['theme', themeScript],
  ['told', storyPageScript],
  ['verify', verifyScript('var verifier = {}')],
])('the %s script can be parsed, contains no script tag, and imports no module', (_, script) => {
  expect(() => new Script(script)).not.toThrow()
  expect(script).not.toMatch(/<\/?script|<!--|__vi|__name|\bimport\b|\bexport\b/)
})

test('no part of a browser script contains a template literal of several lines', () => {
  for (const file of files) {
    for (const line of textOf(file)
      .replace(/^\s*(\/?\*|\/\/).*$/gm, '')
      .split('\n')) {
      expect((line.match(/`/g) ?? []).length % 2, `${file}: ${line}`).toBe(0)
    }
  }
})
