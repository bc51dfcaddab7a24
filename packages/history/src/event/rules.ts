import { inputError, UserError } from './error.ts'
import { type EventType, eventTypes, type Process } from './event.ts'

/** The rules of a history, as messages for broken rules. */
export const rules = {
  twoInFlight: (process: Process, f: string, openF: string, openLine: number): string =>
    `process ${processText(process)} invoked ${quoted(f)} while its ${quoted(openF)} (line ${openLine}) is open. ` +
    'A process runs one operation at a time; give concurrent calls their own process.',

  notInvoked: (process: Process, type: EventType, f: string): string =>
    `process ${processText(process)} completed ${quoted(f)} (${type}) without having invoked it. ` +
    'Every ok, fail and info follows an invoke of the same process.',

  endedTwice: (process: Process, type: EventType, f: string, line: number): string =>
    `process ${processText(process)} completed ${quoted(f)} (${type}), but line ${line} already ended the operation with info. ` +
    `If the ${type} is its late answer, remove line ${line}.`,

  otherFunction: (process: Process, type: EventType, f: string, openF: string, openLine: number): string =>
    `process ${processText(process)} completed ${quoted(f)} (${type}) while its open operation is ${quoted(openF)} (line ${openLine}). ` +
    'A completion has the "f" of its invocation.',

  otherKey: (process: Process, type: EventType, key: string, openKey: string, openLine: number): string =>
    `process ${processText(process)} invoked an operation on key ${quoted(openKey)} (line ${openLine}) and completed it (${type}) on key ${quoted(key)}. ` +
    'A completion has the key of its invocation.',

  otherSession: (process: Process, session: string, known: string): string =>
    `process ${processText(process)} has session ${quoted(session)} here, and ${quoted(known)} on earlier lines. ` +
    'A process belongs to one session; give each session its own process.',

  lateSession: (process: Process, session: string): string =>
    `process ${processText(process)} has session ${quoted(session)} here, and none on earlier lines. ` +
    'Name the session on every invocation of the process, from its first one.',

  indexGoesBack: (index: number, earlier: number, earlierLine: number): string =>
    `index ${index} comes after index ${earlier} (line ${earlierLine}). ` +
    'Indexes must increase from event to event: sort the events, or leave "index" out to use the order of the lines.',

  unknownType: (type: string): string =>
    `unknown type ${type}. A type is ${eventTypes.slice(0, -1).join(', ')} or info.`,

  missing: (member: string): string => `"${member}" is missing. An event has at least process, type and f.`,

  wrongProcess: (process: string): string => `"process" is ${process}. It must be a non-negative integer or a name.`,

  wrongMember: (member: string, found: string, wanted: string): string =>
    `"${member}" is ${found}. It must be ${wanted}.`,

  wrongTime: (time: string): string => `"time" is ${time}. It must be an integer number of nanoseconds.`,

  fractionOfTime: (name: string, time: string): string =>
    `"${name}" is ${time}. It must be an integer number of nanoseconds. In JSON lines, "${name}_s" is converted from seconds, and "${name}_ms" from milliseconds: sed 's/"${name}":/"${name}_s":/' FILE`,

  noTimes:
    'no event has a "time", so the order between events of this file and events of other files is unknown. Write integer nanoseconds, read from one clock for all files.',

  tooManyFunctions: (most: number): string =>
    `there are more than ${most} different "f". "f" names the kind of operation (read, write, cas); keys and arguments go into "key" and "value".`,

  newerFormat: (version: string): string =>
    `this history says it is of format version ${version}; this program reads version 1. Use a newer chaos.`,
} as const

export const brokenRule = (source: string, line: number, rule: string): UserError =>
  inputError(`${source}:${line}: ${rule}`)

/** Thrown for an event that is invalid by itself. The codec adds the line. */
export class EventError extends Error {
  override readonly name: string = 'EventError'
}

/**
 * Adds the source and line to the message of an `EventError`, or of a `UserError` whose message does not begin with the
 * source. Returns other errors unchanged, for example those of the builder, which name the place themselves.
 */
export function located(error: unknown, source: string, line: number): unknown {
  const lacksPlace =
    error instanceof EventError || (error instanceof UserError && !error.message.startsWith(`${source}:`))
  return lacksPlace ? brokenRule(source, line, error.message) : error
}

const processText = (process: Process): string => JSON.stringify(String(process)).slice(1, -1)

const quoted = (text: string): string => JSON.stringify(shortened(text))

/** A text cut to 60 characters, so that a message stays on one line. */
export const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}…` : text)
