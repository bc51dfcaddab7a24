import type { NodeId } from '@chaosproxy/faults'
import {
  type Completion,
  canonical,
  type Input,
  type Json,
  millis,
  millisToNanos,
  type Nanos,
  nanos,
} from '@chaosproxy/history'
import type { Clock } from './ports.ts'
import { type ProcessOptions, startProcess } from './process.ts'

type Options = ProcessOptions & {
  /** The inputs sent to every node, in order. */
  readonly inputs: readonly Input[]
  /** How long to wait for all nodes to answer and agree. */
  readonly quietMs: number
  /**
   * What to wait for; `agreement` by default. If every read from every node must be right at any time, `service` is
   * enough: one read a round until some node answers, and at the end every input once and every node once.
   */
  readonly until?: 'agreement' | 'service' | undefined
}

/** Absent if the nodes did not agree in time, or no comparable input was sent. */
export type Converged = (convergedAfter: Nanos | undefined) => void

const PAUSE_BETWEEN_ROUNDS_MS = millis(50)

/**
 * Waits until the cluster is quiet, then sends every input to every node once more (or fewer, see `until`), marked as
 * final.
 *
 * Rounds of reads come first, until `until` is satisfied. If that does not happen in time, the final operations are
 * made anyway: they show that the replicas disagree. Where a client has given up an update that may still take effect,
 * agreement has to last (see `Cluster.lingersMs`). Inputs that change something, such as the drain of a queue, are
 * repeated until they are answered; otherwise what is still in the queue would look lost.
 */
export function readFinally(options: Options, done: Converged): void {
  const { cluster, inputs, workload } = options
  const { clock, nodes } = cluster
  const forAgreement = options.until !== 'service'
  const reads = inputs.filter(({ f }) => workload.reads.includes(f))
  const probed = forAgreement ? nodes : nodes.slice(0, 1)
  const compared = forAgreement ? reads : reads.slice(0, 1)
  const healedAt = clock.now()
  const deadline = nanos(healedAt + millisToNanos(millis(options.quietMs)))
  const lingers = options.recorder.counts().info === 0 ? millis(0) : (cluster.lingersMs ?? millis(0))
  let agreed: Agreement | undefined

  function probe(): void {
    askAll(options, { final: false, deadline: healedAt }, allOf(compared, probed), (answers) => {
      const answer = someOwes(cluster) ? undefined : answerOfAll(compared, answers, probed.length, workload.agreedOn)
      if (answer === undefined) agreed = undefined
      else if (answer !== agreed?.answer) agreed = { answer, since: clock.now() }
      if (agreed !== undefined && clock.now() >= agreed.since + millisToNanos(lingers))
        finish(nanos(agreed.since - healedAt))
      else if (clock.now() >= deadline) finish(undefined)
      else afterPause(clock, probe)
    })
  }

  function finish(convergedAfter: Nanos | undefined): void {
    const parts = forAgreement ? allOf(inputs, nodes) : dealt(inputs, nodes)
    askAll(options, { final: true, deadline }, parts, () => done(convergedAfter))
  }

  if (compared.length === 0) finish(undefined)
  else probe()
}

/** What all nodes answered to every input, the same in each round since then. */
interface Agreement {
  readonly answer: string
  readonly since: Nanos
}

/** Whether a node keeps what others lack, so that they may agree on something else only for a moment. */
function someOwes(cluster: ProcessOptions['cluster']): boolean {
  for (const status of cluster.status().values()) if (status?.owes === true) return true
  return false
}

const afterPause = (clock: Clock, callback: () => void): void => {
  clock.at(nanos(clock.now() + millisToNanos(PAUSE_BETWEEN_ROUNDS_MS)), callback)
}

/** The inputs for one node. */
interface Part {
  readonly node: NodeId
  readonly inputs: readonly Input[]
}

/** Every input for every node. */
const allOf = (inputs: readonly Input[], nodes: readonly NodeId[]): Part[] => nodes.map((node) => ({ node, inputs }))

/** Deals inputs to nodes so that every input and every node occurs at least once. */
function dealt(inputs: readonly Input[], nodes: readonly NodeId[]): Part[] {
  const parts = nodes.map((node) => ({ node, inputs: [] as Input[] }))
  const rounds = Math.ceil(inputs.length / nodes.length)
  for (let i = 0; i < rounds * nodes.length; i++) {
    const input = inputs[i % inputs.length]
    if (input !== undefined) parts[i % nodes.length]?.inputs.push(input)
  }
  return parts
}

/** The nodes' answers by input. */
type Answers = Map<Input, Json[]>

interface Asking {
  readonly final: boolean
  /** Operations that are not plain reads are repeated until this time. */
  readonly deadline: Nanos
}

/** Asks all nodes concurrently, through one process per node that takes its inputs one at a time. */
function askAll(
  { cluster, recorder, workload, timeoutMs }: Options,
  { final, deadline }: Asking,
  parts: readonly Part[],
  done: (answers: Answers) => void,
): void {
  const answers: Answers = new Map()
  let nodesLeft = parts.length
  for (const { node, inputs } of parts) {
    const process = startProcess({ cluster, recorder, workload, timeoutMs, final })
    let position = 0
    const askNext = (): void => {
      const input = inputs[position]
      if (input === undefined) {
        process.close()
        nodesLeft -= 1
        if (nodesLeft === 0) done(answers)
        return
      }
      process.invoke(node, input, (completion) => answered(input, completion))
    }
    const answered = (input: Input, completion: Completion): void => {
      const isAgain = completion.type !== 'ok' && !workload.reads.includes(input.f) && cluster.clock.now() < deadline
      if (isAgain) {
        afterPause(cluster.clock, askNext)
        return
      }
      if (completion.type === 'ok') {
        const known = answers.get(input)
        if (known === undefined) answers.set(input, [completion.value])
        else known.push(completion.value)
      }
      position += 1
      askNext()
    }
    askNext()
  }
}

/** What all nodes answered to each input, as text; undefined if they disagree on one, or have not all answered. */
function answerOfAll(
  inputs: readonly Input[],
  answers: Answers,
  expected: number,
  agreedOn: (answer: Json) => Json = (answer) => answer,
): string | undefined {
  const texts: string[] = []
  for (const input of inputs) {
    const values = answers.get(input) ?? []
    const [first, ...others] = values.map((value) => canonical(agreedOn(value)))
    if (first === undefined || values.length < expected || others.some((text) => text !== first)) return undefined
    texts.push(first)
  }
  return texts.join('\n')
}
