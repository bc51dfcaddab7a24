import { setTimeout as wait } from 'node:timers/promises'
import { environmentError } from '@chaosproxy/history'
import type { NodeAddress } from '../clients/planned-clients.ts'
import { NotConnected } from './clients.ts'
import type { Row } from './request.ts'

export interface NodeSession<Connection> {
  readonly node: string
  readonly connection: Connection
}

interface SessionsOptions<Connection> {
  readonly reached: readonly NodeAddress[]
  readonly timeoutMs: number
  readonly user: string
  /** @throws NotConnected */
  connect(address: NodeAddress, signal: AbortSignal): Promise<Connection>
  /** Returns the advice for a server that refuses the user. */
  remedyFor(code: string | number): string
  /**
   * Works with the sessions, which are closed afterwards. `until` repeats a check until it holds, and throws an error
   * with the message `late` if the time is over.
   */
  use(
    sessions: readonly NodeSession<Connection>[],
    until: (check: () => Promise<boolean>, late: string) => Promise<void>,
  ): Promise<void>
}

const LOOK_EVERY_MS = 20

/** Opens a session with every node, and closes them after use. @throws UserError (environment) */
export async function inSessions<Connection extends { close(): void }>({
  reached,
  timeoutMs,
  user,
  connect,
  remedyFor,
  use,
}: SessionsOptions<Connection>): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMs)
  const sessions: NodeSession<Connection>[] = []
  async function connected(address: NodeAddress): Promise<Connection> {
    try {
      return await connect(address, signal)
    } catch (error) {
      if (!(error instanceof NotConnected)) throw error
      const { code, message } = error
      const what =
        code === undefined ? `cannot be reached: ${message}.` : `refuses ${user}: ${message}.${remedyFor(code)}`
      throw environmentError(`${placeOf(address)} ${what}`)
    }
  }
  try {
    for (const address of reached) sessions.push({ node: address.node, connection: await connected(address) })
    await use(sessions, async (check, late) => {
      while (!(await check())) {
        if (signal.aborted) throw environmentError(late)
        await wait(LOOK_EVERY_MS)
      }
    })
  } finally {
    for (const { connection } of sessions) connection.close()
  }
}

export const placeOf = ({ node, host, port }: NodeAddress): string => `${node} (${host}:${port})`

type End =
  | { readonly type: 'done'; readonly rows: readonly Row[] }
  | { readonly type: 'refused' | 'lost'; readonly why: string }

/** Returns the first column of the first row. @throws UserError (environment) */
export function firstOf(end: End, node: string): string {
  if (end.type === 'done') return end.rows[0]?.[0] ?? ''
  throw environmentError(`${node} is not ready for a run: ${end.why}.`)
}
