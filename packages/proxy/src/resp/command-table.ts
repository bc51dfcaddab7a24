import type { Json } from '@chaos/history'
import type { Call, Completion } from '../recorder/call.ts'
import { UNSAID } from '../recorder/call.ts'

/**
 * What a Redis command does, as data. The words of `command` stand for themselves, in any case, or for what is captured:
 * `$key`, `$value` and `$expected` a text, `$amount` a number, `$any` anything. What is captured may be used in `value`.
 */
export interface CommandRule {
  readonly command: readonly string[]
  /** The operation, as the history's model has it. */
  readonly f: string
  readonly value: Json
  /** Leaves nothing behind whatever became of it, as a read. */
  readonly harmless?: true | undefined
  /** What the answers mean, the first that fits. One that none fits is not understood, and its outcome not known. */
  readonly answers: readonly AnswerRule[]
  /** An error may come after a part of the command was done, as in a script. */
  readonly errorsLate?: true | undefined
}

/** `$text`, `$number`, `$null` and `$any` fit answers of that type; anything else fits itself. */
export type AnswerRule =
  /** The operation's value is what was asked, or the answer itself; a null one too. */
  | { readonly answer: Json; readonly type: 'ok'; readonly value?: '$answer' | '$number' | undefined }
  | { readonly answer: Json; readonly type: 'fail'; readonly error: string }

const read: Omit<CommandRule, 'command'> = { f: 'read', value: null, harmless: true, answers: [] }
const texts: readonly AnswerRule[] = [
  { answer: '$text', type: 'ok', value: '$answer' },
  { answer: '$null', type: 'ok', value: '$answer' },
]
const counts: readonly AnswerRule[] = [{ answer: '$number', type: 'ok' }]
const done: readonly AnswerRule[] = [{ answer: 'OK', type: 'ok' }]

/** Strings as registers; an absent key is null. Those that expire are none: nobody writes what a reader then finds. */
const registers: readonly CommandRule[] = [
  { ...read, command: ['GET', '$key'], answers: texts },
  { command: ['SET', '$key', '$value'], f: 'write', value: '$value', answers: done },
  {
    command: ['SET', '$key', '$value', 'NX'],
    f: 'cas',
    value: [null, '$value'],
    answers: [...done, { answer: '$null', type: 'fail', error: 'the key exists' }],
  },
  {
    command: ['SETNX', '$key', '$value'],
    f: 'cas',
    value: [null, '$value'],
    answers: [
      { answer: 1, type: 'ok' },
      { answer: 0, type: 'fail', error: 'the key exists' },
    ],
  },
  { command: ['DEL', '$key'], f: 'write', value: null, answers: counts },
  { command: ['UNLINK', '$key'], f: 'write', value: null, answers: counts },
  { command: ['APPEND', '$key', '$value'], f: 'append', value: '$value', answers: counts },
]

const counters: readonly CommandRule[] = [
  {
    ...read,
    command: ['GET', '$key'],
    answers: [
      { answer: '$text', type: 'ok', value: '$number' },
      { answer: '$null', type: 'ok', value: '$answer' },
    ],
  },
  { command: ['INCR', '$key'], f: 'add', value: 1, answers: counts },
  { command: ['INCRBY', '$key', '$amount'], f: 'add', value: '$amount', answers: counts },
  { command: ['DECR', '$key'], f: 'subtract', value: 1, answers: counts },
  { command: ['DECRBY', '$key', '$amount'], f: 'subtract', value: '$amount', answers: counts },
]

/** The command tables there are, by the model their histories are checked as. */
export const commandTables: { readonly [model: string]: readonly CommandRule[] } = {
  register: registers,
  counter: counters,
}

/** A script `['EVAL', source, '1', '$key', '$expected', '$value']` that answers 1 or 0 is a cas on a register. */
export const casScript = (source: string): CommandRule => ({
  command: ['EVAL', source, '1', '$key', '$expected', '$value'],
  f: 'cas',
  value: ['$expected', '$value'],
  answers: [
    { answer: 1, type: 'ok' },
    { answer: 0, type: 'fail', error: 'another value was there' },
  ],
  errorsLate: true,
})

/** What a command was found to be. */
export interface MatchedCommand {
  readonly rule: CommandRule
  readonly call: Call
}

/** A rule, taken apart once for all the commands that are compared with it. */
interface CommandPattern {
  readonly rule: CommandRule
  /** Words that stand for themselves, in upper case; undefined where one is captured. */
  readonly literals: readonly (string | undefined)[]
  /** Where each of the captured words is. */
  readonly places: ReadonlyMap<string, number>
}

/** By the first word, in upper case: every command is looked up, so that those in question must be few. */
export type CommandPatterns = ReadonlyMap<string, readonly CommandPattern[]>

export function compileCommands(rules: readonly CommandRule[]): CommandPatterns {
  const byName: Map<string, CommandPattern[]> = new Map()
  for (const rule of rules) {
    const name = (rule.command[0] ?? '').toUpperCase()
    byName.set(name, [...(byName.get(name) ?? []), compileCommand(rule)])
  }
  return byName
}

const compileCommand = (rule: CommandRule): CommandPattern => ({
  rule,
  literals: rule.command.map((word) => (word.startsWith('$') ? undefined : word.toUpperCase())),
  places: new Map(rule.command.flatMap((word, i) => (word.startsWith('$') ? [[word, i] as const] : []))),
})

/** The first pattern whose words fit; undefined where none does. */
export function matchCommand(patterns: readonly CommandPattern[], words: readonly Json[]): MatchedCommand | undefined {
  const pattern = patterns.find((candidate) => fitsWords(candidate, words))
  if (pattern === undefined) return undefined
  const { rule } = pattern
  const key = captured(pattern, '$key', words)
  return {
    rule,
    call: {
      f: rule.f,
      key: key === undefined || typeof key === 'string' ? key : JSON.stringify(key),
      value: fill(rule.value, pattern, words),
      harmless: rule.harmless,
    },
  }
}

function fitsWords({ literals, places }: CommandPattern, words: readonly Json[]): boolean {
  if (literals.length !== words.length) return false
  for (let i = 0; i < literals.length; i++) {
    const literal = literals[i]
    const word = words[i]
    if (literal === undefined || word === literal) continue
    if (typeof word !== 'string' || word.toUpperCase() !== literal) return false
  }
  const amountAt = places.get('$amount')
  return amountAt === undefined || Number.isSafeInteger(amountOf(words[amountAt]))
}

const amountOf = (word: Json | undefined): number => (typeof word === 'string' ? Number(word) : Number.NaN)

/** The word that a name stands for; undefined where the pattern has none. */
function captured({ places }: CommandPattern, name: string, words: readonly Json[]): Json | undefined {
  const place = places.get(name)
  if (place === undefined) return undefined
  return name === '$amount' ? amountOf(words[place]) : words[place]
}

function fill(template: Json, pattern: CommandPattern, words: readonly Json[]): Json {
  if (typeof template === 'string') return captured(pattern, template, words) ?? template
  return Array.isArray(template) ? template.map((part: Json) => fill(part, pattern, words)) : template
}

/**
 * Refusals after which certainly nothing was done, by their first word (Redis' own, its cluster's and its sentinels').
 * `ERR` is everything else that Redis finds wrong with a command before it carries it out.
 */
const DEFINITE: ReadonlySet<string> = new Set([
  ...['ERR', 'WRONGTYPE', 'WRONGPASS', 'NOAUTH', 'NOPERM', 'NOPROTO', 'OOM', 'READONLY', 'LOADING', 'MISCONF'],
  ...['NOREPLICAS', 'MASTERDOWN', 'MOVED', 'ASK', 'TRYAGAIN', 'CROSSSLOT', 'CLUSTERDOWN', 'BUSY', 'NOSCRIPT'],
  ...['EXECABORT', 'DENIED', 'BUSYKEY'],
])

/** What an answer (see `respToJson`) says became of the command. */
export function completionOf({ rule, call }: MatchedCommand, answer: Json | undefined): Completion {
  if (isError(answer)) {
    const [word = ''] = answer.error.split(' ')
    return { type: DEFINITE.has(word) && rule.errorsLate !== true ? 'fail' : 'info', error: answer.error }
  }
  const meaning = rule.answers.find((candidate) => fits(candidate.answer, answer))
  if (meaning === undefined) return { type: 'info', error: 'an answer that is not understood' }
  if (meaning.type === 'fail') return { type: 'fail', error: meaning.error }
  if (meaning.value === '$answer') return { type: 'ok', value: answer ?? null }
  if (meaning.value !== '$number') return { type: 'ok', value: call.value === UNSAID ? null : call.value }
  const number = Number(answer)
  return Number.isFinite(number) ? { type: 'ok', value: number } : { type: 'info', error: 'a value that is no number' }
}

const isError = (answer: Json | undefined): answer is { readonly error: string } =>
  typeof answer === 'object' && answer !== null && 'error' in answer && typeof answer['error'] === 'string'

function fits(expected: Json, answer: Json | undefined): boolean {
  if (answer === undefined) return false
  if (expected === '$any') return true
  if (expected === '$null') return answer === null
  if (expected === '$number') return typeof answer === 'number'
  if (expected === '$text') return typeof answer === 'string' || (typeof answer === 'object' && answer !== null)
  return expected === answer
}
