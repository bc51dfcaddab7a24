import { randomUUID } from 'node:crypto'
import type { NodeId } from '@chaosproxy/faults'
import { type Completion, type Input, isAnswer, type Millis, millis } from '@chaosproxy/history'
import { type CommandTable, lockTable } from '@chaosproxy/recorder/redis'
import type { Client, Request } from '@chaosproxy/runner'
import { type NodeAddress, respClient, type SharedByRespClients } from '@chaosproxy/targets/database'

export interface RedlockOptions {
  readonly nodes: readonly NodeId[]
  /**
   * The settings that all clients share. The command of `table` that acquires the lock must store the token that the
   * client sends (see `redlockTable`).
   */
  readonly shared: SharedByRespClients
  readonly lockMs: number
}

/** Returns a table like `lockTable`, but with one token on all nodes. */
export const redlockTable = (lockMs: number): CommandTable => ({
  ...lockTable(lockMs),
  acquire: [{ send: ['SET', '{key}', '{value}', 'NX', 'PX', String(lockMs)], refused: [null] }],
})

/** The longest wait for a node. It is short, because the lock's time to live elapses meanwhile. */
const PATIENCE_MS = 100
/** The algorithm's allowance for clock drift, as a fraction of the time to live. */
const DRIFT = 0.01

/**
 * Returns a client of a lock that a majority of primaries grant (Redlock, as in Redis's documentation). It asks all
 * primaries with one token, and releases the lock unless a majority grants it within the time to live.
 */
export function redlockClient(home: NodeAddress, { nodes, shared, lockMs }: RedlockOptions): Client {
  if (home.other === undefined) return respClient(home, shared)
  const clients = nodes.map((node) => respClient(node === home.node ? home : (home.other?.(node) ?? home), shared))
  const quorum = Math.floor(nodes.length / 2) + 1

  const ask = (client: Client, input: Input, request: Request, timeoutMs: Millis) =>
    new Promise<Completion>((resolve) => client.invoke({ ...request, input }, timeoutMs, resolve))

  async function all(input: Input, request: Request, timeoutMs: Millis): Promise<readonly Completion[]> {
    const patienceMs = millis(Math.min(timeoutMs, PATIENCE_MS))
    return Promise.all(clients.map((client) => ask(client, input, request, patienceMs)))
  }

  /** The client's own node if it replied, or else another node that replied. */
  function nodeOf(answers: readonly Completion[]): NodeId | undefined {
    const answering = answers.flatMap((answer, i) => (isAnswer(answer) ? (nodes[i] ?? []) : []))
    return answering.includes(home.node) ? home.node : answering[0]
  }

  /**
   * Returns a failure. Sets `answered` only if a majority of nodes replied, because a client needs a majority to
   * acquire the lock.
   */
  function failed(error: string, answers: readonly Completion[]): Completion {
    const isAnswered = answers.filter(isAnswer).length >= quorum
    return { type: 'fail', error, ...(isAnswered ? { answered: true } : {}), node: nodeOf(answers) }
  }

  async function acquire(request: Request, timeoutMs: Millis): Promise<Completion> {
    const from = performance.now()
    const token = randomUUID()
    const answers = await all({ ...request.input, f: 'acquire', value: token }, request, timeoutMs)
    const granted = answers.filter(({ type }) => type === 'ok').length
    const lateBy = performance.now() - from - lockMs * (1 - DRIFT)
    if (granted >= quorum && lateBy < 0) return { type: 'ok', value: token, node: nodeOf(answers) }
    await all({ ...request.input, f: 'release', value: token }, request, timeoutMs)
    const error = `answered by ${granted} of ${nodes.length}`
    return failed(error, answers)
  }

  /**
   * Releases the lock. Succeeds even if nodes were not reached, because the client then no longer counts as the holder.
   */
  async function release(request: Request, timeoutMs: Millis): Promise<Completion> {
    const answers = await all(request.input, request, timeoutMs)
    const node = nodeOf(answers)
    if (answers.some(({ type }) => type === 'ok')) return { type: 'ok', value: request.input.value, node }
    const isLost = answers.every(({ type }) => type === 'fail')
    const error = 'no node that answered has this token any more'
    return isLost ? failed(error, answers) : { type: 'info', error, node }
  }

  return {
    invoke(request, timeoutMs, completed) {
      const doing = request.input.f === 'acquire' ? acquire(request, timeoutMs) : release(request, timeoutMs)
      void doing.then(completed)
    },
    close() {
      for (const client of clients) client.close()
    },
  }
}
