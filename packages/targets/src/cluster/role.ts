import type { NodeId } from '@chaosproxy/faults'
import type { NodeStatus } from '@chaosproxy/protocols'
import type { RoleDeclaration } from './declaration.ts'

export interface RoleWatch {
  status(node: NodeId): NodeStatus | undefined
  answers(): readonly string[]
  /** Resolves with true once a node claims to lead, and with false if the time is over or `signal` aborts. */
  untilLed(timeoutMs: number, signal?: AbortSignal): Promise<boolean>
  stop(): Promise<void>
}

interface RoleWatchOptions<Node> {
  readonly nodes: readonly Node[]
  readonly role: RoleDeclaration
  readonly ask: (node: Node) => Promise<string | undefined>
}

const EVERY_MS = { http: 100, command: 500 } as const
const SHOWN_CHARACTERS = 80

export function watchRoles<Node extends { readonly id: NodeId }>({
  nodes,
  role,
  ask,
}: RoleWatchOptions<Node>): RoleWatch {
  const leads = new RegExp(role.leads, 'm')
  const [term, applied] = [role.term, role.applied].map((text) =>
    text === undefined ? undefined : new RegExp(text, 'm'),
  )
  const statuses = new Map<NodeId, NodeStatus | undefined>()
  const last = new Map<NodeId, string | undefined>()
  const listeners = new Set<() => void>()
  const timers = new Set<NodeJS.Timeout>()
  const asking = new Set<Promise<void>>()
  let stopped = false

  async function askOnce(node: Node): Promise<void> {
    const answer = await ask(node).catch(() => undefined)
    if (stopped) return
    last.set(node.id, answer)
    statuses.set(node.id, answer === undefined ? undefined : statusOf(answer, { leads, term, applied }))
    for (const listener of listeners) listener()
    const timer = setTimeout(() => {
      timers.delete(timer)
      begin(node)
    }, role.everyMs ?? EVERY_MS[role.by])
    timers.add(timer)
  }

  function begin(node: Node): void {
    const answered = askOnce(node).finally(() => asking.delete(answered))
    asking.add(answered)
  }

  for (const node of nodes) begin(node)

  return {
    status: (node) => statuses.get(node),
    answers: () => nodes.map(({ id }) => `${id} ${answerText(last.get(id))}`),
    untilLed(timeoutMs, signal) {
      return new Promise((resolve) => {
        const listener = () => {
          if ([...statuses.values()].some((status) => status?.leads === true)) end(true)
        }
        const end = (led: boolean) => {
          clearTimeout(timer)
          listeners.delete(listener)
          signal?.removeEventListener('abort', giveUp)
          resolve(led)
        }
        const giveUp = () => end(false)
        const timer = setTimeout(giveUp, timeoutMs)
        signal?.addEventListener('abort', giveUp)
        listeners.add(listener)
        if (signal?.aborted) giveUp()
        listener()
      })
    },
    async stop() {
      stopped = true
      for (const timer of timers) clearTimeout(timer)
      await Promise.all(asking)
    },
  }
}

interface Patterns {
  readonly leads: RegExp
  readonly term: RegExp | undefined
  readonly applied: RegExp | undefined
}

function statusOf(answer: string, { leads, term, applied }: Patterns): NodeStatus {
  const isLeader = leads.test(answer)
  return {
    role: isLeader ? 'leader' : 'follower',
    leads: isLeader,
    ...numberIn(answer, 'term', term),
    ...numberIn(answer, 'applied', applied),
  }
}

function numberIn(answer: string, name: 'term' | 'applied', pattern: RegExp | undefined): Partial<NodeStatus> {
  const number = Number(pattern?.exec(answer)?.[1] ?? Number.NaN)
  return Number.isFinite(number) ? { [name]: number } : {}
}

function answerText(answer: string | undefined): string {
  if (answer === undefined) return 'does not answer'
  const line = answer.trim().replaceAll(/\s+/g, ' ')
  return `answers "${line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS - 1)}…` : line}"`
}
