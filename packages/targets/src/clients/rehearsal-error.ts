import { existsSync } from 'node:fs'
import { UserError } from '@chaosproxy/history'
import { textOf } from '@chaosproxy/recorder/routes'
import { lastLines } from '../command/log-tail.ts'
import { exchangeText } from './exchange.ts'
import { type Answered, isRedirect, type ReadJudgement } from './rehearsal.ts'

type Part = 'write' | 'read'

const WITHOUT = 'To run without this check, give --no-rehearsal.'
/** Replaces `WITHOUT` if a write was refused with a status in `OF_OBJECTS`: the service may lack the object. */
const IF_CERTAIN =
  'If the service has only certain objects, and the requested one is not among them, skip this check: --no-rehearsal.'
export const OF_OBJECTS: ReadonlySet<number> = new Set([400, 403, 404, 410, 422])

/** Changes to a declaration that the service's answers suggest. */
export interface Mend {
  /** The template of the names of objects. */
  readonly keys?: string
  /** Members to add to the route of reads (`read`) and to the route of writes (`write`). */
  readonly read?: { readonly [member: string]: unknown }
  readonly write?: { readonly [member: string]: unknown }
}

/** The error for a declaration that does not fit its service. */
export class RehearsalError extends UserError {
  readonly mend: Mend | undefined
  /** The message without the remedy: the request and its answer. */
  readonly problem: string

  constructor(code: 'input' | 'environment', message: string, problem: string, mend?: Mend) {
    super(code, message)
    this.problem = problem
    this.mend = mend
  }
}

interface Advice {
  readonly without?: string | undefined
  readonly mend?: Mend | undefined
}

const rehearsalError = (at: string, problem: string, remedy: string, { without = WITHOUT, mend }: Advice = {}) =>
  new RehearsalError('input', `${at}: ${problem}. ${remedy} ${without}`, problem, mend)

export interface Named {
  readonly keys: string
  readonly write: Answered
}

interface Refused {
  readonly refused: Answered
  /** Another refused write, with another value and answer. */
  readonly besides?: Answered | undefined
  readonly named?: Named | undefined
  readonly logPath: string
}

/**
 * Returns the error for a refused write or read, with the cause that the status suggests. A 500 is a failure of the
 * service.
 */
export function refusedError(at: string, part: Part, { refused, besides, named, logPath }: Refused): UserError {
  const { address, exchange } = refused
  const { status, headers } = exchange.answer
  const all = [exchange, ...(besides === undefined ? [] : [besides.exchange])].map(exchangeText).join(', and ')
  const problem = `the first ${part} did not work: ${all}`
  if (named !== undefined)
    return rehearsalError(
      at,
      `${problem}. Another form of object name works: ${exchangeText(named.write.exchange)}`,
      `Use such object names: give "keys": "${named.keys}" beside "routes".`,
      { mend: { keys: named.keys } },
    )
  if (status === 500)
    return new RehearsalError(
      'environment',
      `${at}: ${problem}. ${address.node} reports an internal error${existsSync(logPath) ? `. ${lastLines(logPath)}` : ': look into its log.'}\n${WITHOUT}`,
      problem,
    )
  const remedy = remedyFor(part, status, (name) => headers?.get(name))
  return rehearsalError(at, problem, remedy, {
    without: part === 'write' && OF_OBJECTS.has(status) ? IF_CERTAIN : WITHOUT,
  })
}

/**
 * Returns the error for an answer that the route table does not explain. A run would not know whether the operation
 * took effect.
 */
export function unmappedAnswerError(at: string, part: Part, { exchange, completion }: Answered): UserError {
  const { status } = exchange.answer
  const why = completion.type === 'ok' ? '' : completion.error.replace(/^status \d+[^:]*(?:: )?/, '')
  return rehearsalError(
    at,
    `the route table does not say what this answer means: ${exchangeText(exchange)}`,
    why === ''
      ? `If it means that the operation is done, add to the route: "outcomes": {"${status}": "ok"}.`
      : `${why.charAt(0).toUpperCase()}${why.slice(1)}.`,
    { mend: part === 'write' ? mendOfWrite(status) : mendOfEmpty(status) },
  )
}

/**
 * Returns the change that lets the declaration accept the status 202 of a write. With this status, the service accepts
 * a request for later execution, but it may also execute the request at once. The read after the write checks whether
 * it did.
 */
const mendOfWrite = (status: number): Mend | undefined =>
  status === 202 ? { write: { outcomes: { 202: 'ok' } } } : undefined

const mendOfEmpty = (status: number): Mend | undefined => {
  if (status < 300) return { read: { missing: 'absent' } }
  return OF_OBJECTS.has(status) ? { read: { outcomes: { [status]: 'absent' } } } : undefined
}

function remedyFor(part: Part, status: number, header: (name: string) => string | undefined): string {
  const route = `the route of ${part}s`
  if (isRedirect(status))
    return `Clients do not follow redirects (here to ${header('location') ?? 'nowhere'}): correct the address, or the path of ${route}.`
  switch (status) {
    case 401:
    case 403:
      return `Give ${route} the credentials that the service expects, such as "sends": {"header.Authorization": "Bearer …"}.`
    case 404:
    case 410:
      return `Correct the path of ${route}.`
    case 405:
    case 501: {
      const allowed = header('allow')
      return `Correct the method of ${route}${allowed === undefined ? '' : `: the service allows ${allowed}`}.`
    }
    case 406:
      return `Let ${route} accept what the service answers: "sends": {"header.Accept": "…"}.`
    case 415:
      return `Give ${route} the content type that the service expects: "sends": {"header.Content-Type": "…"}.`
    default:
      return `Correct what ${route} sends: the answer may say what the service expects.`
  }
}

/** Returns the error for a read that does not return the written value. */
export function unreadError(at: string, { write, read, judged }: Unread): UserError {
  const isPage = textOf(read.exchange.answer.body).trimStart().startsWith('<')
  const both = `${exchangeText(read.exchange)}, after ${exchangeText(write.exchange)}`
  switch (judged.type) {
    case 'text':
      return rehearsalError(
        at,
        `the service returns a number as a string, and does not accept strings: ${both}`,
        'Let it answer numbers as numbers, or write a client (kind "module") that does.',
      )
    case 'elsewhere':
      return rehearsalError(
        at,
        `the first read has the value at ${judged.place}, and the route table looks elsewhere: ${both}`,
        `Correct the route of reads: "result": "${judged.place}".`,
        { mend: { read: { result: judged.place } } },
      )
    case 'other-type':
      return rehearsalError(at, `the first read has another type than the value written: ${both}`, WHERE)
    case 'absent':
      return rehearsalError(
        at,
        `the first read after the first write did not find what was written: ${both}`,
        isPage
          ? 'The answer is a web page: correct the paths of the routes.'
          : read.exchange.answer.status < 400
            ? WHERE
            : 'Correct the path of the route of reads. If it is right, the service has lost the write.',
      )
  }
}

const WHERE =
  'Correct where the route of writes puts the value ("value"), or where the route of reads finds it ("result").'

/** A write, the following read, and how the values differ. */
interface Unread {
  readonly write: Answered
  readonly read: Answered
  readonly judged: Extract<ReadJudgement, { readonly type: 'text' | 'elsewhere' | 'other-type' | 'absent' }>
}
