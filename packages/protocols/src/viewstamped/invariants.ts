import type { NodeId } from '@chaosproxy/faults'
import type { Invariant, InvariantWatch } from '../definition.ts'
import { lastIndex } from '../log.ts'
import { type LogProtocol, watchAgreement, watchCompleteness } from '../log-invariants.ts'
import { isPrimary, type ViewstampedMessage, type ViewstampedState } from './state.ts'

const replicated: LogProtocol<ViewstampedState> = {
  leads: isPrimary,
  term: ({ view }) => view,
  log: ({ log }) => log,
  settled: ({ applied }) => applied,
}

type Watch = InvariantWatch<ViewstampedState, ViewstampedMessage>

export const viewstampedInvariants: readonly Invariant[] = [
  /** "every operation that was committed in an earlier view" is in the log of every later one (§4.2). */
  { name: 'committed requests survive', watch: () => watchCompleteness(replicated) },
  /** No two nodes execute different requests with the same op number (§4.1). */
  { name: 'replicas agree', watch: () => watchAgreement(replicated) },
  /** A node that has helped to end a view takes no part in it again (§4.2). */
  { name: 'views are not left twice', watch: watchViews },
  /** Within its view a node keeps every request that it sent PrepareOk for, even across a recovery (§4.3). */
  { name: 'prepared requests are kept', watch: watchPrepared },
]

function watchViews(): Watch {
  const left = new Map<NodeId, number>()
  return (node) => (state, event) => {
    if (event?.type === 'message' && event.message.type === 'do-view-change')
      left.set(event.from, Math.max(left.get(event.from) ?? 0, event.message.view))
    const before = left.get(node) ?? 0
    if (state.status !== 'normal' || state.view >= before) return undefined
    return `${node} asked for view ${before} and acts in view ${state.view}`
  }
}

function watchPrepared(): Watch {
  const prepared = new Map<NodeId, { view: number; op: number }>()
  return (node) => (state, event) => {
    if (event?.type === 'message' && event.message.type === 'prepare-ok') {
      const { view, op } = event.message
      const known = prepared.get(event.from)
      if (known === undefined || view > known.view) prepared.set(event.from, { view, op })
      else if (view === known.view) known.op = Math.max(known.op, op)
    }
    const own = prepared.get(node)
    if (own === undefined || state.status !== 'normal' || state.view !== own.view) return undefined
    if (lastIndex(state.log) >= own.op) return undefined
    return `${node} prepared ${own.op} requests in view ${own.view} and has ${lastIndex(state.log)}`
  }
}
