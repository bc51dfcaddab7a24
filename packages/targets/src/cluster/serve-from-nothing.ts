import type { NodeId } from '@chaosproxy/faults'
import { type Completion, canonical, type Input, type Json, millis, UserError } from '@chaosproxy/history'
import type { AskedOperations, Client } from '@chaosproxy/runner'
import { BEFORE } from '../clients/first-answers.ts'

export interface BeforeRunOptions {
  readonly nodes: readonly NodeId[]
  readonly asked: AskedOperations
  /** Bypasses the proxy, which would record these reads. */
  readonly connect: (node: NodeId) => Client
  /** The time within which a node must serve. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  readonly broken: () => UserError | undefined
  /** How the user can get rid of existing data. */
  readonly remedy: string
}

const ASK_MS = millis(1_000)
const PAUSE_MS = 50
/** Enough reads to find the data of an earlier run. */
const MOST_READS = 100

/**
 * Waits until a node answers a read, and requires every object to be empty: a value that the run did not write would
 * look like a violation.
 *
 * @throws UserError (environment) if no node serves in time, or if there is data.
 */
export async function serveFromNothing(options: BeforeRunOptions): Promise<void> {
  const { asked, timeoutMs, signal } = options
  const inputs = asked.before?.slice(0, MOST_READS) ?? []
  const [first] = inputs
  if (first === undefined) return
  const deadline = performance.now() + timeoutMs
  let answered = await askEach(options, [first])
  while (!answered.some(isServed)) {
    throwIfBroken(options)
    signal?.throwIfAborted()
    if (performance.now() >= deadline) throw nobodyServes(first, answered, timeoutMs)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    answered = await askEach(options, [first])
  }
  const all = [...answered, ...(await askEach(options, inputs.slice(1)))]
  throwIfBroken(options)
  for (const { node, input, completion } of all)
    if (completion.type === 'ok' && !isNothing(completion.value, asked.initial))
      throw dataLeft(options, node, input, completion.value)
}

function throwIfBroken({ broken }: BeforeRunOptions): void {
  const error = broken()
  if (error !== undefined) throw error
}

interface Asked {
  readonly node: NodeId
  readonly input: Input
  readonly completion: Completion
}

/** Sends every input to every node, one at a time. */
async function askEach({ nodes, connect }: BeforeRunOptions, inputs: readonly Input[]): Promise<Asked[]> {
  const all = await Promise.all(
    nodes.map(async (node) => {
      const client = connect(node)
      const found: Asked[] = []
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

/** Whether the node can serve at all: a read of an object that was never written may be refused. */
const isServed = ({ completion }: Asked): boolean =>
  completion.type === 'ok' || /^(status|HTTP) [1-4]\d\d\b/.test(completion.error)

/** Whether this is the object's initial value, or another representation of an empty object. */
const isNothing = (value: Json, initial: Json): boolean =>
  canonical(value) === canonical(initial) || NOTHING.includes(canonical(value))

const NOTHING: readonly string[] = [null, '', 0, [], {}].map((value) => canonical(value))

const question = ({ f, key }: Input): string => (key === undefined ? f : `${f} of ${key}`)

function nobodyServes(input: Input, asked: readonly Asked[], timeoutMs: number): UserError {
  const said = asked.map(({ node, completion }) => `${node}: ${completion.type === 'ok' ? 'ok' : completion.error}`)
  return new UserError(
    'environment',
    `no node answered a ${question(input)} within ${timeoutMs} ms of being ready (${said.join('; ')}). Check the nodes' logs, and whether "client" fits the nodes.`,
  )
}

function dataLeft({ asked, remedy }: BeforeRunOptions, node: NodeId, input: Input, value: Json): UserError {
  const text = JSON.stringify(value)
  return new UserError(
    'environment',
    `${node} holds data already: a ${question(input)} before the run returned ${text.length > 60 ? `${text.slice(0, 57)}…` : text}, not ${JSON.stringify(asked.initial)}. ${remedy}`,
  )
}
