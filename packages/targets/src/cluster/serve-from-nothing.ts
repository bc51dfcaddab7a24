import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { NodeId } from '@chaosproxy/faults'
import {
  type Completion,
  canonical,
  environmentError,
  type Input,
  type Json,
  millis,
  type UserError,
} from '@chaosproxy/history'
import type { Client, RequestedOperations } from '@chaosproxy/runner'
import { BEFORE } from '../clients/user-requests.ts'

interface BeforeRunOptions {
  readonly nodes: readonly NodeId[]
  readonly operations: RequestedOperations
  /** Connects directly to a node, because the proxy would record the reads before the run. */
  readonly connect: (node: NodeId) => Client
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  readonly broken: () => UserError | undefined
  /** Formats the request of an operation: `GET /items/x`. Undefined if it has no such form. */
  readonly requestOf?: ((input: Input) => string | undefined) | undefined
  readonly isAlive: () => boolean
  readonly waits?: ((text: string) => void) | undefined
  readonly remedy: string
  /** The directory of the logs of nodes that `chaos` started. */
  readonly logDir: string
}

const ASK_MS = millis(1_000)
const PAUSE_MS = 50
/** After this time, in milliseconds, a wait is reported with its reason. */
const LONG_MS = 4_000
/** Enough reads to find the data of an earlier run. */
const MOST_READS = 100

/**
 * Waits until a node answers a read. Every object must have its initial value, if known: a value from before the run
 * would look like a violation.
 *
 * @throws UserError (environment) if no node serves in time, or if there is data.
 */
export async function serveFromNothing(options: BeforeRunOptions): Promise<void> {
  const { operations, timeoutMs, signal } = options
  const inputs = operations.before?.slice(0, MOST_READS) ?? []
  const [first] = inputs
  if (first === undefined) return
  const startedAt = performance.now()
  let waits = options.waits
  let answered = await askEach(options, [first])
  while (!answered.some(isServed)) {
    throwIfBroken(options)
    signal?.throwIfAborted()
    if (!options.isAlive()) throw environmentError('every node has ended')
    const passedMs = performance.now() - startedAt
    if (passedMs >= timeoutMs)
      throw environmentError(
        `no node answered a ${answersText(options, first, answered)} in the ${options.timeoutMs} ms after the nodes were ready. Check the nodes' logs${logsText(options)}, and whether "client" fits the nodes.`,
      )
    if (passedMs >= LONG_MS) {
      waits?.(
        `no node has answered a ${answersText(options, first, answered)} for ${LONG_MS / 1000} s (limit: ${timeoutMs / 1000} s).`,
      )
      waits = undefined
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    answered = await askEach(options, [first])
  }
  const all = [...answered, ...(await askEach(options, inputs.slice(1)))]
  throwIfBroken(options)
  for (const { node, input, completion } of all)
    if (completion.type === 'ok' && !isInitial(completion.value, operations.initial))
      throw dataLeft(options, node, input, completion.value)
}

function logsText({ nodes, logDir }: Pick<BeforeRunOptions, 'nodes' | 'logDir'>): string {
  const paths = nodes.map((node) => join(logDir, `${node}.log`)).filter((path) => existsSync(path))
  return paths.length === 0 ? '' : ` (${paths.join(', ')})`
}

function throwIfBroken({ broken }: BeforeRunOptions): void {
  const error = broken()
  if (error !== undefined) throw error
}

interface FirstAnswer {
  readonly node: NodeId
  readonly input: Input
  readonly completion: Completion
}

/** Sends every input to every node, one at a time. */
async function askEach({ nodes, connect }: BeforeRunOptions, inputs: readonly Input[]): Promise<FirstAnswer[]> {
  const all = await Promise.all(
    nodes.map(async (node) => {
      const client = connect(node)
      const found: FirstAnswer[] = []
      try {
        for (const [sequence, input] of inputs.entries()) {
          const session = { client: `${BEFORE}${node}`, sequence }
          const completion = await new Promise<Completion>((resolve) => {
            client.invoke({ input, harmless: true, session }, ASK_MS, resolve)
          })
          found.push({ node, input, completion })
        }
      } finally {
        client.close()
      }
      return found
    }),
  )
  return all.flat()
}

/** A refusal counts, too: a read of an object that was never written may be refused. */
const isServed = ({ completion }: FirstAnswer): boolean =>
  completion.type === 'ok' || /^(status|HTTP) [1-4]\d\d\b/.test(completion.error)

/** Returns whether a value is the initial one. All forms of an empty object, such as null, 0 and [], count as equal. */
function isInitial(value: Json, initial: Json): boolean {
  if (initial === 'unknown' || canonical(value) === canonical(initial)) return true
  return isNothing(initial) && isNothing(value)
}

const isNothing = (value: Json): boolean => NOTHING.includes(canonical(value))

const NOTHING: readonly string[] = [null, '', 0, [], {}].map((value) => canonical(value))

const question = ({ f, key }: Input): string => (key === undefined ? f : `${f} of ${key}`)

/** Formats a read and its answers: `read of x (GET /items/x; n1: status 503 …)`. */
function answersText({ requestOf }: BeforeRunOptions, input: Input, answers: readonly FirstAnswer[]): string {
  const request = requestOf?.(input)
  const texts = answers.map(({ node, completion }) => `${node}: ${completion.type === 'ok' ? 'ok' : completion.error}`)
  return `${question(input)} (${[...(request === undefined ? [] : [request]), ...texts].join('; ')})`
}

function dataLeft({ operations, remedy }: BeforeRunOptions, node: NodeId, input: Input, value: Json): UserError {
  const text = JSON.stringify(value)
  return environmentError(
    `${node} holds data already: a ${question(input)} before the run returned ${text.length > 60 ? `${text.slice(0, 57)}…` : text}, not ${JSON.stringify(operations.initial)}. ${remedy}`,
  )
}
