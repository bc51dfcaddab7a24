import type { Millis } from '@chaosproxy/history'
import { usageError } from '@chaosproxy/history'
import type { RunDraft } from '@chaosproxy/runner'
import * as v from 'valibot'
import { flagOf, type ParsedOptions, textOf, textsOf } from '../command.ts'
import type { Option, Options, Typed, ValuesOf } from '../option.ts'
import { oneOf } from './names.ts'
import { parseDuration, parseSize, printDuration, printSize } from './quantities.ts'

/** The properties of an option that are not part of its schema. */
interface Besides {
  /** Replaces the schema's description, if its wording only suits configuration files. */
  readonly text?: string | (() => string) | undefined
  readonly such?: string | undefined
  /** The default that help texts show; by default the schema's. */
  readonly usual?: string | number | undefined
  readonly member?: keyof RunDraft | undefined
}

/** How the values of an option are written on the command line, such as `500ms`. This notation need not be JSON. */
interface Notation {
  /** Parses the typed text of a value. @throws UserError (usage) */
  readonly read: (typed: string, option: string) => unknown
  readonly print?: (value: unknown) => string
  /** Describes the allowed values for an error message. By default, the message of the schema describes them. */
  readonly range?: (schema: unknown) => string | undefined
}

const withUsual = (text: string, usual: string | number | undefined): string =>
  usual === undefined ? text : `${text} [default: ${usual}]`

/** An option with one value, defined by its schema. */
function typedAs<Value>(
  schema: v.GenericSchema<unknown, Value>,
  { read, print = String, range }: Notation,
  { text, such, usual = printed(schema, print), member }: Besides,
): Option<Value> {
  const meaning = `${typeof text === 'string' ? text : (v.getDescription(innermost(schema)) ?? '')}${such === undefined ? '' : `: ${such}`}`
  return {
    type: 'string',
    requiresArg: true,
    describe: typeof text === 'function' ? () => withUsual(text(), usual) : withUsual(meaning, usual),
    member,
    valueIn(options, name) {
      const typed = textOf(options, name)
      const result = v.safeParse(schema, typed === undefined ? undefined : read(typed, name))
      if (result.success) return result.output
      throw usageError(`--${name} ${typed}: ${range?.(schema) ?? result.issues[0].message}.`)
    },
    print: (value) => (value === undefined ? undefined : print(value)),
  }
}

/** Creates an option that takes one value. `schema` describes the value. */
type Declared<Most> = <Value extends Most>(schema: v.GenericSchema<unknown, Value>, besides?: Besides) => Option<Value>

const declared =
  <Most>(notation: Notation): Declared<Most> =>
  (schema, besides = {}) =>
    typedAs(schema, notation, besides)

export const asCount: Declared<number | undefined> = declared({
  read: (typed) => (typed === '' ? Number.NaN : Number(typed)),
})

/** A number with its unit: `500ms`, `20s`, `2m`. */
export const asDuration: Declared<Millis | undefined> = declared({
  read: (typed, name) => parseDuration(name, typed),
  print: (value) => printDuration(Number(value)),
  range: durationRange,
})

/** A number of bytes with its unit: `64KB`, `1GB`. */
export const asSize: Declared<number | undefined> = declared({
  read: (typed, name) => parseSize(name, typed),
  print: (value) => printSize(Number(value)),
})

/** An option whose value is one of a few names. `noun` is the word for such a name in error messages. */
export const asName = <Value extends string | undefined>(
  schema: v.GenericSchema<unknown, Value>,
  noun: string,
  besides: Besides = {},
): Option<Value> => typedAs(schema, { read: (typed, name) => oneOf(name, noun, typed, namesIn(schema)) }, besides)

/** An option whose value a function parses; the function rejects invalid values. */
export const asRead = <Value>(
  text: string | (() => string),
  read: (typed: string, option: string) => Value,
  usual?: string,
): Option<Value | undefined> => typedAs(v.optional(v.custom<Value>(() => true)), { read }, { text, usual })

/** Returns an option whose value is undefined if omitted. The caller applies the default that the help text shows. */
export const ifTyped = <Value>(option: Option<Value>): Option<Value | undefined> => ({
  ...option,
  valueIn: (options, name) => (textOf(options, name) === undefined ? undefined : option.valueIn(options, name)),
})

export const asText: Declared<string | undefined> = declared({ read: (typed) => typed })

export const word = (text: string, usual?: string): Option<string | undefined> =>
  asText(v.optional(v.string()), { text, usual })

/** A text option that may be omitted. Without a value it means the empty text. */
export const wordOrNone = (text: string): Option<string | undefined> => ({
  type: 'string',
  describe: text,
  valueIn: textOf,
  print: (value) => value,
})

/** A text that may be given several times. */
export const words = (text: string | (() => string), usual?: string): Option<readonly string[]> => ({
  type: 'string',
  array: true,
  nargs: 1,
  requiresArg: true,
  describe: typeof text === 'function' ? () => withUsual(text(), usual) : withUsual(text, usual),
  valueIn: textsOf,
  print: (value) => value,
})

export const flag = (text: string): Option<boolean> => ({
  type: 'boolean',
  describe: text,
  valueIn: flagOf,
  print: (value) => value,
})

/** An option that is on unless `--no-NAME` is given. */
export const unlessNot = (text: string): Option<boolean> => ({
  type: 'boolean',
  default: true,
  describe: text,
  valueIn: (options, name) => options[name] !== false,
  print: () => undefined,
})

/**
 * An option that is on unless `--no-NAME` is given. If neither `--NAME` nor `--no-NAME` is given, its value is
 * undefined, so that a configuration can set it.
 */
export const unlessTyped = (text: string): Option<boolean | undefined> => ({
  type: 'boolean',
  describe: text,
  valueIn: (options, name) => (options[name] === undefined ? undefined : options[name] !== false),
  print: (value) => (value === false ? 'false' : undefined),
})

/** Puts the options under one title of `--help`. The options in `commonNames` are listed even without `--all`. */
export function inGroup<Declared extends Options>(
  group: string,
  commonNames: readonly string[],
  declared: Declared,
): Declared {
  const unknown = commonNames.find((name) => declared[name] === undefined)
  if (unknown !== undefined) throw new Error(`${group} has no option ${unknown}`)
  return mapped(declared, (option, name) => ({ ...option, group, common: option.common || commonNames.includes(name) }))
}

const mapped = <Declared extends Options>(
  declared: Declared,
  change: (option: Option, name: string) => Option,
): Declared =>
  Object.fromEntries(Object.entries(declared).map(([name, option]) => [name, change(option, name)])) as Declared

/** The option `--json` of commands that print a list. */
export const jsonOption: { readonly json: Option<boolean> } = inGroup('Output', [], {
  json: flag('print JSON on stdout'),
})

/** The option `--force` of commands that write a page. */
export const forcePage: Option<boolean> = flag(
  'overwrite any existing file; without --force, chaos overwrites only earlier pages of this kind',
)

/** An option that `--help` lists without `--all`. */
export const common = <Declared extends Option>(option: Declared): Declared => ({ ...option, common: true })

/** Returns the options with only the options in `names` marked as common. */
export const onlyCommon = <Declared extends Options>(
  declared: Declared,
  ...names: readonly (keyof Declared & string)[]
): Declared => mapped(declared, (option, name) => ({ ...option, common: names.includes(name) }))

/** All values of the options. @throws UserError (usage) that names the first invalid value. */
export const valuesOf = <Declared extends Options>(options: ParsedOptions, declared: Declared): ValuesOf<Declared> =>
  Object.fromEntries(
    Object.entries(declared).map(([name, option]) => [name, option.valueIn(options, name)]),
  ) as ValuesOf<Declared>

export const membersOf = <Declared extends Options>(values: ValuesOf<Declared>, declared: Declared): RunDraft =>
  Object.fromEntries(
    Object.entries(declared).flatMap(([name, { member }]) => (member === undefined ? [] : [[member, values[name]]])),
  )

/** Returns the options that set these members of a run, each with the value that a user would type. */
export const typedMembers = (
  members: { readonly [Member in keyof RunDraft]?: unknown },
  declared: Options,
): Typed<Options> =>
  Object.fromEntries(
    Object.entries(declared).flatMap(([name, { member, print }]) => {
      const value = member === undefined ? undefined : members[member]
      return value === undefined ? [] : [[name, print(value)]]
    }),
  )

/** The members that are not undefined. */
export const given = <Value>(members: {
  readonly [name: string]: Value | undefined
}): { readonly [name: string]: Value } =>
  Object.fromEntries(Object.entries(members).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))

/** Returns the words of a command line that set these options, in the order of the options. */
export const wordsFor = <Declared extends Options>(typed: Typed<Declared>): string[] =>
  Object.entries(typed).flatMap(([name, value]) => {
    if (value === undefined || value === false) return []
    if (value === true) return [`--${name}`]
    return (Array.isArray(value) ? value : [value]).flatMap((each) => [`--${name}`, String(each)])
  })

interface Wrapper {
  readonly wrapped?: v.GenericSchema
  readonly default?: unknown
  readonly options?: readonly string[]
  readonly pipe?: readonly { readonly type: string; readonly requirement?: unknown }[]
}

const innermost = (schema: unknown): v.GenericSchema & Wrapper => {
  const { wrapped } = schema as Wrapper
  return wrapped === undefined ? (schema as v.GenericSchema) : innermost(wrapped)
}

const namesIn = (schema: unknown): readonly string[] => {
  const { options, pipe } = innermost(schema)
  return options ?? (pipe?.[0] as Wrapper | undefined)?.options ?? []
}

function printed(schema: unknown, print: (value: unknown) => string): string | undefined {
  const usual = (schema as Wrapper).default
  return usual === undefined ? undefined : print(usual)
}

function durationRange(schema: unknown): string | undefined {
  const bound = (type: string) => innermost(schema).pipe?.find((part) => part.type === type)?.requirement
  const [least, most] = [bound('min_value'), bound('max_value')]
  if (typeof least !== 'number' || typeof most !== 'number') return undefined
  return `must be between ${printDuration(least)} and ${printDuration(most)}`
}
