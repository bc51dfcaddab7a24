import type { OperationRow } from '../../encoding/operation-row.ts'
import type { Witness } from '../../verdict/verdict.ts'
import { orderOfRows } from '../../verdict/witness-order.ts'
import { EdgeList, RW, SO, WR, WW } from '../graph/edges.ts'
import { graphOf } from '../graph/graph.ts'
import { addSessions } from '../graph/real-time.ts'
import { serialOrder } from '../graph/serial-order.ts'
import { versionEdges } from '../graph/version-edges.ts'
import type { TransactionRecord } from '../record/record.ts'
import type { Versions } from '../record/versions.ts'
import { type IsolationLevel, partsOf } from './ladder.ts'

/**
 * Returns a witness that a level is met; undefined if only the check itself shows this. Only for histories that are not
 * strict serializable. For read committed, the witness is an order of the transactions; for snapshot isolation, of
 * their starts and commits.
 *
 * @param events see `eventsOf`
 */
export function witnessOf(
  record: TransactionRecord,
  versions: Versions,
  events: Int32Array,
  level: IsolationLevel,
): Witness | undefined {
  const { isolation, form } = partsOf(level)
  const list = { serializable: ordered, 'read-committed': ordered, 'snapshot-isolation': startsAndCommits }
  if (!Object.hasOwn(list, isolation)) return undefined
  const rows = list[isolation as keyof typeof list]
  return { kind: 'order', orders: [orderOfRows(undefined, Number.POSITIVE_INFINITY, rows)] }

  function ordered(): OperationRow[] {
    const { edges: all, nodes } = versionEdges(record, versions)
    const edges = new EdgeList(all.length)
    // At read committed, a read may return an old version. Edges from readers to writers are therefore left out.
    for (let e = 0; e < all.length; e++)
      if (isolation === 'serializable' || isOfWriter(all.kind[e])) edges.add(all.from[e], all.to[e], WW, all.key[e])
    if (form.name === 'sessions') addSessions(edges, record, versions.counts)
    return Array.from(serialOrder(graphOf(edges, nodes), inForm(events)) ?? [])
  }

  /** Node t is the start of transaction t, node t + length its commit (Cerone & Gotsman 2018, section 4). */
  function startsAndCommits(): OperationRow[] {
    const { length } = record
    const { edges: all, nodes } = versionEdges(record, versions)
    // Nodes are numbered: first starts, then commits, then groups of writers. A group has edges to the commits of its
    // writers.
    const [commit, group] = [(t: number) => t + length, (node: number) => node + length]
    const edges = new EdgeList(all.length + length)
    for (let t = 0; t < length; t++) if (versions.counts[t] === 1) edges.add(t, commit(t), SO, -1)
    for (let e = 0; e < all.length; e++) {
      const [from, to] = [all.from[e], all.to[e]]
      if (isOfWriter(all.kind[e])) edges.add(commit(from), to, WW, all.key[e])
      else edges.add(from < length ? from : group(from), to < length ? commit(to) : group(to), RW, all.key[e])
    }
    const sessions = new EdgeList()
    if (form.name === 'sessions') addSessions(sessions, record, versions.counts)
    for (let e = 0; e < sessions.length; e++) edges.add(commit(sessions.from[e]), sessions.to[e], SO, -1)
    const moments = inForm(events).flatMap((event) => (event < 0 ? [~commit(~event)] : [event, commit(event)]))
    const order = serialOrder(graphOf(edges, nodes + length), moments) ?? []
    return Array.from(order, (node) => (node < length ? node : node - length))
  }

  /** Returns the events in their order. Omits the completions, unless the level keeps real time (see `Form`). */
  function inForm(all: Int32Array): number[] {
    return Array.from(all).filter((event) => event >= 0 || form.name === 'real time')
  }
}

const isOfWriter = (kind: number): boolean => kind === WW || kind === WR
