import { quote, readObject } from '@chaosproxy/faults'
import type { Json } from '@chaosproxy/history'
import type { ValueSpec } from '../table/route-table.ts'
import { type AnyForm, defineForm } from './form.ts'

/** An object, each of whose members is a separate value. */
type Members = { readonly members: { readonly [name: string]: ValueSpec } }

export const members: AnyForm = defineForm<Members>({
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
    if (value === null || typeof value !== 'object' || Array.isArray(value))
      return { why: `it takes an object, and ${JSON.stringify(value)} is none` }
    const object = value as { readonly [name: string]: Json }
    const lost = Object.keys(object).find((name) => !Object.hasOwn(spec.members, name))
    if (lost !== undefined) return { why: `it has no place for "${lost}" of ${JSON.stringify(value)}` }
    const names = Object.keys(spec.members)
    const missing = names.find((name) => object[name] === undefined)
    if (missing !== undefined) return { why: `${JSON.stringify(value)} has no "${missing}"` }
    return names.map((name) => object[name] ?? null)
  },
})
