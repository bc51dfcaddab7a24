import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { registry } from '../../src/commands/registry.ts'

const sources = join(import.meta.dirname, '..', '..', 'src')
const uses = Object.keys(registry).filter((name) => existsSync(join(sources, name, 'use.ts')))

/** Declared for other commands: this one has options of its own by these names. */
const FOREIGN: { readonly [use: string]: readonly string[] } = {
  replay: ['arguments/target.ts', 'arguments/workload.ts'],
}

const withoutComments = (file: string): string =>
  readFileSync(join(sources, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')

/** The files of a command: what its use and its execution import, except what belongs to other commands. */
function filesOf(use: string): readonly string[] {
  const found = new Set([`${use}/use.ts`, `${use}/execute.ts`].filter((file) => existsSync(join(sources, file))))
  for (const file of found)
    for (const [, path] of withoutComments(file).matchAll(/from '(\.[^']+)'/g)) {
      const imported = relative(sources, join(sources, dirname(file), path!)).replaceAll('\\', '/')
      if (existsSync(join(sources, imported))) found.add(imported)
    }
  return [...found].filter((file) => {
    const isOfAnother = file.endsWith('/use.ts') && dirname(file) !== use
    return !isOfAnother && !(FOREIGN[use] ?? []).includes(file)
  })
}

/** Where an option is declared, or read by its name; a name with a hyphen is nothing else. */
const namedIn = (name: string): RegExp =>
  new RegExp(
    [
      `(?:textOf|textsOf|flagOf|valueIn)\\(\\w+, '${name}'\\)`,
      `options\\['${name}'\\]`,
      `^\\s*'?${name}'?: (?:as[A-Z]\\w+|words?|wordOrNone|flag|unlessNot|ifTyped|common)\\(`,
      `[ (]\\[(?:'[\\w-]+', )*'${name}'[,\\]]`,
      ...(name.includes('-') ? [`(?<![\\w-])${name}(?![\\w-])`] : []),
    ].join('|'),
    'm',
  )

test('the commands with many options have a use', () => {
  expect(uses).toEqual(['run', 'check', 'fuzz', 'simulate', 'replay', 'scenario', 'compare', 'proxy', 'record'])
})

test.each(uses)('chaos %s has the name of each option in two files at most', async (use) => {
  const { options } = await registry[use]!(async () => [])
  const texts = filesOf(use).map((file) => [file, withoutComments(file)] as const)
  const crowded = Object.keys(options).flatMap((name) => {
    const files = texts.filter(([, text]) => namedIn(name).test(text)).map(([file]) => file)
    return files.length > 2 ? [{ name, files }] : []
  })
  expect(crowded).toEqual([])
})

test('an option that a group lists as common is one of its options', async () => {
  const { flag, inGroup } = await import('../../src/arguments/declare.ts')
  expect(() => inGroup('Output', ['jsn'], { json: flag('print JSON') })).toThrow('Output has no option jsn')
})
