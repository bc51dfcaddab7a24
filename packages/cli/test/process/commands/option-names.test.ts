import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { runMembers } from '@chaosproxy/runner'
import { expect, test } from 'vitest'
import { configSchema } from '../../../../engine/src/config/schema.ts'
import { membersAt } from '../../../../runner/src/plan/schema.ts'
import { registry } from '../../../src/commands/registry.ts'
import { parseMcpSettings } from '../../../src/mcp/settings.ts'
import { tools } from '../../../src/mcp/tools.ts'

const sources = join(import.meta.dirname, '../../../src')
const uses = Object.keys(registry).filter((name) => existsSync(join(sources, name, 'use.ts')))

/**
 * By command: imported files whose options the command does not use. The command declares its own options with some of
 * the same names.
 */
const FOREIGN: { readonly [use: string]: readonly string[] } = {
  replay: ['arguments/target.ts', 'arguments/workload.ts'],
}

const withoutComments = (file: string): string =>
  readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')

/**
 * Returns the source files of a command: its `use.ts` and `execute.ts`, and all files that these import, directly or
 * indirectly. Leaves out files that belong to other commands.
 */
function filesOf(use: string): readonly string[] {
  const found = new Set([`${use}/use.ts`, `${use}/execute.ts`].filter((file) => existsSync(join(sources, file))))
  for (const file of found)
    for (const [, path] of withoutComments(join(sources, file)).matchAll(/from '(\.[^']+)'/g)) {
      const imported = relative(sources, join(sources, dirname(file), path!)).replaceAll('\\', '/')
      if (existsSync(join(sources, imported))) found.add(imported)
    }
  return [...found].filter((file) => {
    const isOfAnother = file.endsWith('/use.ts') && dirname(file) !== use
    return !isOfAnother && !(FOREIGN[use] ?? []).includes(file)
  })
}

/**
 * Matches code that declares an option, or reads it by its name. If the name contains a hyphen, matches every
 * occurrence of the name.
 */
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

test('exactly the ten commands in this test declare their options in a file named "use.ts"', () => {
  expect(uses).toEqual([
    'run',
    'check',
    'fuzz',
    'simulate',
    'replay',
    'scenario',
    'gallery',
    'compare',
    'proxy',
    'record',
  ])
})

test.each(uses)('the name of each option of chaos %s occurs in at most two files of that command', async (use) => {
  const { options } = await registry[use]!(async () => [])
  const texts = filesOf(use).map((file) => [file, withoutComments(join(sources, file))] as const)
  const crowded = Object.keys(options).flatMap((name) => {
    const files = texts.filter(([, text]) => namedIn(name).test(text)).map(([file]) => file)
    return files.length > 2 ? [{ name, files }] : []
  })
  expect(crowded).toEqual([])
})

/** Members of the engine's specs. The engine passes them on to threads and machines, which validate them. */
const PASSED_ON = ['allow-code', 'failed-cas', 'keep-going', 'verify-determinism']

test('at most two files of cli and engine contain the name of an option of several words, such as stop-on', async () => {
  const commands = await Promise.all(Object.values(registry).map((load) => load(async () => [])))
  const names = new Set(commands.flatMap(({ options }) => Object.keys(options)).filter((name) => name.includes('-')))
  const texts = [sources, join(sources, '..', '..', 'engine', 'src')].flatMap((directory) =>
    readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => [file, withoutComments(join(directory, file))] as const),
  )
  const filesWith = (pattern: RegExp) => texts.filter(([, text]) => pattern.test(text)).map(([file]) => file)
  const crowded = [...names].flatMap((name) => {
    const camel = PASSED_ON.includes(name) ? [] : [name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())]
    const files = filesWith(new RegExp(`(?<![\\w-])(?:${[name, ...camel].join('|')})(?![\\w-])`))
    return files.length > 2 ? [{ name, files }] : []
  })
  expect(names.size).toBeGreaterThan(15)
  expect(crowded).toEqual([])
})

test('every member of a run is an option of chaos run, a configuration member and an argument of the MCP tool', async () => {
  const { options } = await registry['run']!(async () => [])
  expect(Object.values(options).flatMap(({ member = [] }) => member)).toEqual(
    expect.arrayContaining(Object.keys(runMembers)),
  )
  expect(membersAt(configSchema, [])).toEqual(expect.arrayContaining(Object.keys(runMembers)))
  const input = tools.find(({ name }) => name === 'run')!.input(parseMcpSettings({}))
  // Clients of the tools cannot set these members. A requirement may be a command, and waiting or checking may take
  // longer than the user allows for a run.
  const { require: _, timeoutMs: __, checkMs: ___, ...forAgents } = runMembers
  expect(membersAt(input, [])).toEqual(expect.arrayContaining(Object.keys(forAgents)))
  for (const refused of ['require', 'timeoutMs', 'checkMs']) expect(membersAt(input, [])).not.toContain(refused)
})

test('inGroup() refuses the name of an unknown option', async () => {
  const { flag, inGroup } = await import('../../../src/arguments/declare.ts')
  expect(() => inGroup('Output', ['jsn'], { json: flag('print JSON') })).toThrow('Output has no option jsn')
})
