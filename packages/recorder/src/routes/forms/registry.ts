import { quote, readObject } from '@chaosproxy/faults'
import { canonical, inputError, isObject, type Json } from '@chaosproxy/history'
import { compilePath, decodeSegment, encodeSegment } from '@chaosproxy/wire/http'
import type { ValueSource, ValueSpec } from '../table/route-table.ts'
import { type AnyForm, defineForm } from './form.ts'

type Constant = { readonly const: Json }

const constant: AnyForm = defineForm<Constant>({
  members: ['const'],
  example: '{"const": …}',
  schema: () => ({ const: true }),
  parse: (members) => ({ const: members['const'] as Json }),
  parts: () => [],
  join: (spec) => () => spec.const,
  split: (spec, value) =>
    canonical(spec.const) === canonical(value)
      ? []
      : { why: `the route allows only ${JSON.stringify(spec.const)} here, not ${JSON.stringify(value)}` },
})

/** A part of a text, selected by a pattern. The pattern `/items/{id}` selects the id in a `Location` header. */
type Match = { readonly from: ValueSource; readonly match: string }

const ONE_NAME = /^[^{}]*\{\w+\}[^{}]*$/

const match: AnyForm = defineForm<Match>({
  members: ['from', 'match'],
  example: '{"from": "header.Location", "match": "/items/{id}"}',
  schema: ({ place }) => ({ from: place, match: { type: 'string', pattern: ONE_NAME.source } }),
  parse({ from, match: pattern }, { where, place }) {
    if (typeof pattern !== 'string' || !ONE_NAME.test(pattern))
      throw inputError(`${where}: "match" is ${quote(pattern)}. Give a pattern with one name in braces: "/items/{id}".`)
    return { from: place(from, `${where}: "from"`), match: pattern }
  },
  parts: ({ from }) => [from],
  isText: true,
  join(spec) {
    const path = compilePath(spec.match)
    return ([text]) => {
      const found = typeof text === 'string' ? path.match(text)?.[1] : undefined
      return found === undefined ? undefined : decodeSegment(found)
    }
  },
  split(spec, value) {
    if (typeof value === 'string' || typeof value === 'number')
      return [spec.match.replace(/\{\w+\}/, () => encodeSegment(String(value)))]
    return { why: `${spec.match} is a pattern for strings, and ${JSON.stringify(value)} is not a string` }
  },
})

/** An object whose members are separate values. */
type Members = { readonly members: { readonly [name: string]: ValueSpec } }

const members: AnyForm = defineForm<Members>({
  members: ['members'],
  example: '{"members": {…}}',
  schema: ({ value }) => ({ members: { type: 'object', minProperties: 1, additionalProperties: value } }),
  parse(given, { where, value }) {
    const inner = readObject(given['members'], `${where}: "members"`)
    const parsed = Object.entries(inner).map(([name, part]) => [name, value(part, `${where}: ${quote(name)}`)] as const)
    return { members: Object.fromEntries(parsed) }
  },
  parts: (spec) => Object.values(spec.members),
  join(spec) {
    const names = Object.keys(spec.members)
    return (parts) => Object.fromEntries(names.map((name, i) => [name, parts[i] as Json]))
  },
  split(spec, value) {
    if (!isObject(value)) return { why: `it takes an object, and ${JSON.stringify(value)} is not an object` }
    const lost = Object.keys(value).find((name) => !Object.hasOwn(spec.members, name))
    if (lost !== undefined) return { why: `"members" lacks "${lost}", which the value ${JSON.stringify(value)} has` }
    const names = Object.keys(spec.members)
    const missing = names.find((name) => value[name] === undefined)
    if (missing !== undefined) return { why: `${JSON.stringify(value)} has no "${missing}"` }
    return names.map((name) => value[name] ?? null)
  },
})

/** A new form needs a definition and an entry here. */
export const valueForms: readonly AnyForm[] = [constant, match, members]
