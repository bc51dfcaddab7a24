import { findModel, models, UNKNOWN_START } from '@chaosproxy/checker'
import {
  type Format,
  formats,
  type Json,
  type Millis,
  millisToNanos,
  type Ordering,
  parseJson,
  usageError,
} from '@chaosproxy/history'
import { type Mapping, parseMapping, type ReadOptions, roleNames } from '@chaosproxy/history/files'
import { duration } from '@chaosproxy/runner'
import * as v from 'valibot'
import type { Option, ValuesOf } from '../option.ts'
import { asDuration, asName, asRead, flag, ifTyped } from './declare.ts'
import { namesOf, oneOf } from './names.ts'

const HOUR_MS = 3_600_000
const NANOSECOND_MS = 1e-6

export const readingOptions: {
  readonly format: Option<Format | undefined>
  readonly map: Option<Mapping | undefined>
  readonly keyed: Option<boolean | undefined>
  readonly order: Option<Ordering['by']>
  readonly clock: Option<Millis | undefined>
  readonly skew: Option<Millis | undefined>
} = {
  format: asName(v.optional(v.picklist(formats)), 'format', {
    text: `format of the file: ${formats.join(', ')}`,
    usual: 'detected',
  }),
  map: asRead(
    `names of fields in the file, as ROLE=FIELD, at most five: process=client,f=op; roles: ${roleNames().join(', ')}`,
    parseMapping,
    'fields are recognised by name',
  ),
  keyed: ifTyped(
    flag("read each value as a pair of a key and a value, as in Jepsen's independent tests [default: detected in EDN]"),
  ),
  order: asName(v.optional(v.picklist(['lines', 'time'])), 'order', {
    text: 'order of events: lines (as in the file, even if times contradict it) or time (sorted by time)',
    usual: 'lines; a time that contradicts the order of lines by more than 2 ms is an error',
  }),
  clock: asDuration(
    v.optional(duration('resolution of the timestamps, such as 1ms; implies --order time', NANOSECOND_MS, HOUR_MS)),
    {
      usual: 'detected',
    },
  ),
  skew: asDuration(
    v.optional(
      duration('largest difference between the clocks of two clients, such as 5ms; implies --order time', 0, HOUR_MS),
    ),
    {
      usual: '0ms',
    },
  ),
}

/** The options that describe the object in a history: its model and its initial value. */
export const objectOptions: {
  readonly model: Option<string | undefined>
  readonly initial: Option<Json | undefined>
} = {
  model: asRead('model of the object; chaos check --help lists the models', parseModel, 'the model of the history'),
  initial: asRead(
    'value before the first write, as JSON, or unknown',
    parseInitial,
    'the initial value in the file, or null if the file has none',
  ),
}

/** Returns the options of `objectOptions` that are defined. */
export const givenObject = ({
  model,
  initial,
}: Partial<ValuesOf<typeof objectOptions>>): { readonly model?: string; readonly initial?: Json } => ({
  ...(model === undefined ? {} : { model }),
  ...(initial === undefined ? {} : { initial }),
})

/** @throws UserError (usage) for an unknown model, or a model in a file. */
export function parseModel(typed: string): string {
  if (findModel(typed) !== undefined) return typed
  if (typed.includes('.'))
    throw usageError(
      `--model ${typed}: only chaos check takes a model in a file. Use chaos check; its option --explain prints all evidence.`,
    )
  return oneOf('model', 'model', typed, namesOf(models))
}

function parseInitial(text: string): Json {
  if (text === UNKNOWN_START) return text
  try {
    return parseJson(text)
  } catch {
    throw usageError(
      `--initial ${text} is not JSON. Write a number as 0, a string as '"a"', no value as null, and an unknown value as unknown.`,
    )
  }
}

/** The read options from typed values. @throws UserError (usage) for contradictory options. */
export const readingOf = ({ format, map, keyed, ...order }: Partial<ValuesOf<typeof readingOptions>>): ReadOptions => ({
  format,
  mapping: map,
  independent: keyed,
  ordering: orderingOf(order),
})

export interface TypedOrder {
  readonly order?: Ordering['by']
  readonly clock?: Millis | undefined
  readonly skew?: Millis | undefined
}

/** @throws UserError (usage) for options that contradict each other. */
export function orderingOf({ order, clock, skew }: TypedOrder): Ordering {
  const [name] = Object.entries({ clock, skew }).find(([, value]) => value !== undefined) ?? []
  if (name !== undefined && order === 'lines')
    throw usageError(
      `--${name} needs the times of events, but --order lines ignores them. Leave out one of the two options.`,
    )
  return {
    by: name === undefined ? order : 'time',
    ...(clock === undefined ? {} : { clockNanos: millisToNanos(clock) }),
    ...(skew === undefined ? {} : { skewNanos: millisToNanos(skew) }),
  }
}
