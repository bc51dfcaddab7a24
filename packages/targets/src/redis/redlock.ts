import { randomUUID } from 'node:crypto'
import type { NodeId } from '@chaosproxy/faults'
import { type Completion, type Input, type Millis, millis } from '@chaosproxy/history'
import type { Client, Request } from '@chaosproxy/runner'
import { type CommandTable, lockTable } from '../clients/commands.ts'
import type { NodeAddress } from '../clients/planned-clients.ts'
import { respClient, type SharedByRespClients } from '../clients/resp.ts'

export interface RedlockOptions {
  readonly nodes: readonly NodeId[]
  /** Their table grants a lock to the token that is given: see `redlockTable`. */
  readonly shared: SharedByRespClients
  readonly lockMs: number
}

/** As `lockTable`, with a token that is the same on all nodes. */
export const redlockTable = (lockMs: number): CommandTable => ({
  ...lockTable(lockMs),
  acquire: [{ send: ['SET', '{key}', '{value}', 'NX', 'PX', String(lockMs)], refused: [null] }],
})

/** A node that is down is not waited for long: the lock's time to live runs. */
const PATIENCE_MS = 100
/** Of the time to live, for clocks that run apart, as the algorithm has it. */
const DRIFT = 0.01

/**
 * A client of a lock that a majority of primaries grant (Redlock, as Redis' documentation describes it): one token, asked
 * of all at once; held if a majority granted it before its time to live was over, and given back otherwise.
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

  async function acquire(request: Request, timeoutMs: Millis): Promise<Completion> {
    const from = performance.now()
    const token = randomUUID()
    const answers = await all({ ...request.input, f: 'acquire', value: token }, request, timeoutMs)
    const granted = answers.filter(({ type }) => type === 'ok').length
    const lateBy = performance.now() - from - lockMs * (1 - DRIFT)
    if (granted >= quorum && lateBy < 0) return { type: 'ok', value: token }
    await all({ ...request.input, f: 'release', value: token }, request, timeoutMs)
    return { type: 'fail', error: `answered by ${granted} of ${nodes.length}` }
  }

  /** Whether or not all could be told: whoever gives a lock back holds it no longer. */
  async function release(request: Request, timeoutMs: Millis): Promise<Completion> {
    const answers = await all(request.input, request, timeoutMs)
    if (answers.some(({ type }) => type === 'ok')) return { type: 'ok', value: request.input.value }
    const isLost = answers.every(({ type }) => type === 'fail')
    return { type: isLost ? 'fail' : 'info', error: 'answered: no node has this token any more' }
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
