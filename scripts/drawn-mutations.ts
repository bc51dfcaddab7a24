import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import jsTokens from 'js-tokens'
import type { Mutation } from './mutations/mutation.ts'

/** By token: its replacement. Biome writes spaces around operators, and none around `<` and `>` in types. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ['===', '!=='],
  ['!==', '==='],
  ['<', '<='],
  ['<=', '<'],
  ['>', '>='],
  ['>=', '>'],
  ['&&', '||'],
  ['||', '&&'],
  ['+', '-'],
  ['-', '+'],
  ['true', 'false'],
  ['false', 'true'],
])
const LITERALS = new Set(['true', 'false'])

/** One-line statements that a mistake may leave out. */
const LEFT_OUT = /^(?:return|continue|break|[\w.]+\([^{]*\)|[\w.]+ (?:[-+]=|=) [^{]*[^{[(,=+?:&|])$/

/** The first line of a type declaration or an import. */
const TYPE = /^(?:export )?(?:declare |interface |type |import )/

/**
 * Draws one-line mistakes in a package by the seed: a changed comparison, sign, number or condition, or a missing
 * statement.
 */
export function drawMutations(root: string, name: string, count: number, seed: number): readonly Mutation[] {
  const folder = join(root, 'packages', name, 'src')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const all = files
    .filter((file) => file.endsWith('.ts'))
    .toSorted()
    .flatMap((file) => mutationsOf(name, file, readFileSync(join(folder, file), 'utf8')))
  const size = Math.min(count, all.length)
  const [drawn] = fc.sample(fc.shuffledSubarray(all, { minLength: size, maxLength: size }), { seed, numRuns: 1 })
  return drawn ?? []
}

/** Returns every mistake that can be made in a source. */
export function mutationsOf(name: string, file: string, source: string): readonly Mutation[] {
  const lines = source.split('\n')
  const seen = new Map<string, number>()
  const occurrences = lines.map((line) => {
    const before = line.trim()
    seen.set(before, (seen.get(before) ?? 0) + 1)
    return seen.get(before) ?? 1
  })
  const isType = linesOfTypes(lines)
  const found: Mutation[] = []
  const add = (number: number, column: number, after: string): void => {
    const before = (lines[number] ?? '').trim()
    const occurrence = occurrences[number] ?? 1
    const place = `${file}:${number + 1}:${column + 1}`
    found.push({ name: place, package: name, file, before, occurrence, after, breaks: after, tests: [] })
  }
  for (const { number, column, value, after } of replaced(source)) {
    const line = lines[number] ?? ''
    const indentation = line.length - line.trimStart().length
    if (isType[number]) continue
    add(number, column, line.slice(indentation, column) + after + line.slice(column + value.length))
  }
  for (const [number, line] of lines.entries()) {
    if (line.startsWith(' ') && !isType[number] && LEFT_OUT.test(line.trim())) add(number, 0, ';')
  }
  return found
}

/** Returns, for each line, whether it belongs to a type declaration or an import. */
function linesOfTypes(lines: readonly string[]): readonly boolean[] {
  let inside = false
  return lines.map((line) => {
    if (!line.startsWith(' ') && !line.startsWith('}')) inside = TYPE.test(line)
    return inside || /^\s*(?:readonly |\|)/.test(line)
  })
}

interface Replaced {
  readonly number: number
  readonly column: number
  readonly value: string
  readonly after: string
}

/**
 * Returns the tokens that have a replacement, with their lines and columns from 0. A number is replaced by its
 * successor.
 */
function replaced(source: string): readonly Replaced[] {
  const found: Replaced[] = []
  let at = 0
  let number = 0
  let lineStart = 0
  for (const { type, value } of jsTokens(source)) {
    const after = type === 'NumericLiteral' ? `(${value} + 1)` : INSTEAD.get(value)
    const isSpaced = source[at - 1] === ' ' && /\s/.test(source[at + value.length] ?? '')
    if (after !== undefined && (type === 'NumericLiteral' || LITERALS.has(value) || isSpaced)) {
      found.push({ number, column: at - lineStart, value, after })
    }
    if (value === '!' && /[\w(]/.test(source[at + 1] ?? '')) {
      found.push({ number, column: at - lineStart, value, after: '' })
    }
    for (let next = value.indexOf('\n'); next !== -1; next = value.indexOf('\n', next + 1)) {
      number += 1
      lineStart = at + next + 1
    }
    at += value.length
  }
  return found
}
