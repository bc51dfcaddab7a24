import type { NodeId } from '@chaos/faults'
import { type Completion, canonical, type Json, type Millis, millisToNanos, type Nanos, nanos } from '@chaos/history'
import type { Client, Cluster } from './ports.ts'
import type { Recorder } from './recorder.ts'

interface FinalReadsOptions {
  readonly cluster: Cluster
  readonly recorder: Recorder
  readonly keys: readonly string[]
  readonly timeoutMs: Millis
  /** How long to wait for all nodes to answer, and to agree. */
  readonly quietMs: Millis
  /**
   * What is waited for; agreement unless given. Where each read must be right whenever it is made, whoever answers it, it is
   * enough that somebody answers: that takes one read a round, and in the end one of each key and one by each node.
   */
  readonly until?: 'agreement' | 'service' | undefined
}

/** Absent where the nodes did not agree within the time given. */
export type Converged = (convergedAfter: Nanos | undefined) => void

const PAUSE_BETWEEN_ROUNDS_MS = 50 as Millis

/**
 * Waits until the cluster is quiet, and then reads every key from every node once more (or fewer, see `until`), marked as
 * final.
 *
 * Rounds of ordinary reads come first, until one finds what is waited for; where that does not happen in time the final
 * reads are made all the same, and are what shows that the replicas stay apart.
 */
export function readFinally(options: FinalReadsOptions, done: Converged): void {
  const { cluster, keys, quietMs } = options
  const forAgreement = options.until !== 'service'
  const probed = forAgreement ? cluster.nodes : cluster.nodes.slice(0, 1)
  const compared = forAgreement ? keys : keys.slice(0, 1)
  const { clock } = cluster
  const healedAt = clock.now()
  const deadline = healedAt + millisToNanos(quietMs)

  function probe(): void {
    readAll(options, allOf(compared, probed), false, (answers) => {
      const agreed = compared.every((key) => allAgree(probed.map((node) => answers.get(node)?.get(key))))
      if (agreed) finish(nanos(clock.now() - healedAt))
      else if (clock.now() >= deadline) finish(undefined)
      else clock.at(nanos(clock.now() + millisToNanos(PAUSE_BETWEEN_ROUNDS_MS)), probe)
    })
  }

  function finish(convergedAfter: Nanos | undefined): void {
    const parts = forAgreement ? allOf(keys, cluster.nodes) : dealt(keys, cluster.nodes)
    readAll(options, parts, true, () => done(convergedAfter))
  }

  probe()
}

/** What one node is asked for. */
interface Part {
  readonly node: NodeId
  readonly keys: readonly string[]
}

/** Each key from each node. */
const allOf = (keys: readonly string[], nodes: readonly NodeId[]): Part[] => nodes.map((node) => ({ node, keys }))

/** Each key from some node, and some key from each node. */
function dealt(keys: readonly string[], nodes: readonly NodeId[]): Part[] {
  const parts = nodes.map((node) => ({ node, keys: [] as string[] }))
  const rounds = Math.ceil(keys.length / nodes.length)
  for (let i = 0; i < rounds * nodes.length; i++) {
    const key = keys[i % keys.length]
    if (key !== undefined) parts[i % nodes.length]?.keys.push(key)
  }
  return parts
}

type Answers = Map<NodeId, Map<string, Json>>

/** Reads each node's keys: the nodes at the same time, the keys of one node in turn, by one process a node. */
function readAll(
  options: FinalReadsOptions,
  parts: readonly Part[],
  final: boolean,
  done: (answers: Answers) => void,
): void {
  const answers: Answers = new Map(parts.map(({ node }) => [node, new Map()]))
  let nodesLeft = parts.length
  for (const { node, keys } of parts) {
    const reader = createReader(options, node, final)
    const readNext = (position: number) => {
      const key = keys[position]
      if (key === undefined) {
        reader.close()
        nodesLeft -= 1
        if (nodesLeft === 0) done(answers)
        return
      }
      reader.read(key, (completion) => {
        if (completion.type === 'ok') answers.get(node)?.set(key, completion.value)
        readNext(position + 1)
      })
    }
    readNext(0)
  }
}

function createReader({ cluster, recorder, timeoutMs }: FinalReadsOptions, node: NodeId, final: boolean) {
  let client: Client = cluster.connect(node)
  let process = recorder.newProcess()
  return {
    read(key: string, completed: (completion: Completion) => void): void {
      const invocation = { process, node, input: { f: 'read', key, value: null }, harmless: true, final }
      recorder.invoked(invocation)
      client.invoke(invocation, timeoutMs, (completion) => {
        recorder.completed(invocation, completion)
        if (completion.type !== 'ok') {
          client.close()
          client = cluster.connect(node)
        }
        if (completion.type === 'info') process = recorder.newProcess()
        completed(completion)
      })
    },
    close: () => client.close(),
  }
}

function allAgree(values: readonly (Json | undefined)[]): boolean {
  const [first] = values
  if (first === undefined) return false
  const expected = canonical(first)
  return values.every((value) => value !== undefined && canonical(value) === expected)
}
