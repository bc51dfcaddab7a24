import { type Millis, millis, UserError } from '@chaosproxy/history'
import {
  type AnyMachine,
  type Bug,
  DEFAULT_OBJECT,
  type Knob,
  type KnobValue,
  type ProtocolDefinition,
  type ProtocolOptions,
} from './definition.ts'
import type { AnyObject } from './objects/object.ts'
import { findObject, objects } from './objects/registry.ts'

/** The options a protocol declares. */
type Declared = Pick<ProtocolDefinition, 'name' | 'knobs' | 'bugs' | 'objects'>

/** What a machine replicates, and the bug it has. */
export interface Subject {
  readonly object: AnyObject
  readonly bug: string | undefined
}

/** Options validated against the protocol's declaration and completed with its defaults. */
export interface Chosen {
  number(knob: string): number
  ms(knob: string): Millis
  boolean(knob: string): boolean
  value(knob: string): KnobValue
  /** The knobs as they were given, without defaults. */
  readonly knobs: ProtocolOptions['knobs']
  readonly bug: string | undefined
  readonly object: AnyObject
}

const objectNames = objects.map(({ name }) => name)

/** Knobs by their names. */
export interface Knobs {
  readonly [name: string]: Omit<Knob, 'name'>
}

interface Declaration extends Omit<ProtocolDefinition, 'objects' | 'create' | 'marks' | 'knobs' | 'bugs'> {
  /** When absent, all objects. */
  readonly objects?: readonly string[]
  readonly knobs: Knobs
  readonly bugs: { readonly [name: string]: Omit<Bug, 'name'> }
  create(chosen: Chosen): AnyMachine
}

/** One of this package's protocols. They all emit a mark when a bug makes a difference. */
export function defineProtocol({ create, ...declaration }: Declaration): ProtocolDefinition {
  const [knobs, bugs] = [namedIn(declaration.knobs), namedIn(declaration.bugs)]
  const declared = { objects: objectNames, ...declaration, knobs, bugs, marks: true }
  return { ...declared, create: (options) => create(chooseOptions(declared, options)) }
}

const namedIn = <Item>(items: { readonly [name: string]: Item }): readonly (Item & { readonly name: string })[] =>
  Object.entries(items).map(([name, item]) => ({ name, ...item }))

/** @throws UserError (usage) for an unknown bug, knob or object, or an invalid knob value. */
function chooseOptions(protocol: Declared, options: ProtocolOptions): Chosen {
  const { bug } = options
  if (bug !== undefined && !protocol.bugs.some((known) => known.name === bug))
    throw new UserError('usage', `${protocol.name} has no bug "${bug}". It has: ${names(protocol.bugs)}.`)
  for (const [name, value] of Object.entries(options.knobs)) {
    const knob = protocol.knobs.find((known) => known.name === name)
    if (knob === undefined)
      throw new UserError('usage', `${protocol.name} has no knob "${name}". It has: ${names(protocol.knobs)}.`)
    checkValue(protocol.name, knob, value)
  }
  const value = (name: string): KnobValue => {
    const found = options.knobs[name] ?? protocol.knobs.find((knob) => knob.name === name)?.default
    if (found === undefined) throw new Error(`${protocol.name} reads a knob that it does not declare: ${name}`)
    return found
  }
  return {
    bug,
    object: objectFor(protocol, options.object),
    value,
    knobs: options.knobs,
    number: (name) => Number(value(name)),
    ms: (name) => millis(Number(value(name))),
    boolean: (name) => value(name) === true,
  }
}

function objectFor({ name, objects }: Declared, wanted: string = DEFAULT_OBJECT): AnyObject {
  const object = objects.includes(wanted) ? findObject(wanted) : undefined
  if (object !== undefined) return object
  throw new UserError('usage', `${name} cannot replicate "${wanted}". It replicates: ${objects.join(', ')}.`)
}

function checkValue(protocol: string, knob: Knob, value: KnobValue): void {
  const wrong = (expected: string): UserError =>
    new UserError('usage', `${protocol}: ${knob.name}=${value} is not possible; give ${expected} (${knob.summary}).`)
  if (knob.values !== undefined) {
    if (!knob.values.includes(value)) throw wrong(`one of ${knob.values.join(', ')}`)
    return
  }
  if (typeof value !== typeof knob.default) throw wrong(`a ${typeof knob.default} such as ${knob.default}`)
  if (typeof value !== 'number') return
  const zeroIsPossible = knob.default === 0
  if (!(Number.isFinite(value) && (value > 0 || (zeroIsPossible && value === 0))))
    throw wrong(zeroIsPossible ? 'a number from 0' : 'a number above 0')
}

const names = (items: readonly { readonly name: string }[]): string => items.map((item) => item.name).join(', ')
