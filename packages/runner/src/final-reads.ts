import type { NodeId } from '@chaosproxy/faults'
import {
  type Completion,
  canonical,
  type Input,
  isAnswer,
  type Json,
  type Millis,
  millis,
  millisToNanos,
  type Nanos,
  nanos,
} from '@chaosproxy/history'
import { type ProcessOptions, startProcess } from './clients/process.ts'
import { isRefusal } from './judge/vacuity.ts'
import type { Clock, Cluster } from './ports/cluster.ts'
import type { Recovery } from './ports/run-outcome.ts'

type Options = ProcessOptions & {
  readonly cluster: Cluster
  readonly inputs: readonly Input[]
  readonly quietMs: number
  /**
   * Returns an operation that shows whether the system serves clients again. It is used if there is nothing to read.
   */
  readonly otherwise?: (() => Input) | undefined
  /** False if a fault may still affect the state. In this case, no operation is marked as final. */
  readonly isHealed?: boolean | undefined
  /**
   * The condition to wait for; by default `agreement`. Use `service` if every read from every node must be right at any
   * time.
   */
  readonly until?: 'agreement' | 'service' | undefined
}

export interface ReadFinally {
  /** Time from healing until the nodes agreed; undefined if they did not agree in time. */
  readonly convergedAfter: Nanos | undefined
  readonly recovery: Recovery
}

const PAUSE_BETWEEN_ROUNDS_MS = millis(50)

/**
 * Sends rounds of reads until the nodes agree or, if `until` is `service`, until the system serves clients again. Then
 * sends every input once more, marked as final, to every node or, if `until` is `service`, distributed over the nodes.
 *
 * If the condition is not satisfied in time, the final operations are performed anyway, because they show that the
 * replicas disagree. If a client has given up an update that may still take effect, the agreement of the nodes must
 * last for some time (see `Cluster.lingersMs`). Inputs that change something, such as the drain of a queue, are
 * repeated until they are answered; otherwise elements that are still in the queue would look lost.
 *
 * If every read is refused because credentials are missing, the wait ends, because more time would not help.
 *
 * A cluster that has answered nothing by the end of the wait is given the time that its recovery may legitimately take
 * (see `Cluster.recoveryMs`).
 */
export function readFinally(options: Options, done: (read: ReadFinally) => void): void {
  const { cluster, inputs, workload } = options
  const { clock, nodes } = cluster
  const forAgreement = options.until !== 'service'
  const reads = inputs.filter(({ f }) => workload.reads.includes(f))
  const probed = forAgreement ? nodes : nodes.slice(0, 1)
  const compared = forAgreement ? reads : reads.slice(0, 1)
  const healedAt = clock.now()
  let deadline = afterMs(healedAt, options.quietMs)
  const lingers = options.recorder.counts().info === 0 ? millis(0) : (cluster.lingersMs ?? millis(0))
  const served = watchService()
  const asking = { served, timeoutMs: options.timeoutMs }
  let agreed: Agreement | undefined

  function probe(): void {
    askAll(options, { isOver: () => true, final: false, ...asking }, allOf(compared, probed), (answers) => {
      const answer = someOwes(cluster) ? undefined : answerOfAll(compared, answers, probed.length, workload.agreedOn)
      if (answer === undefined) agreed = undefined
      else if (answer !== agreed?.answer) agreed = { answer, since: clock.now() }
      if (agreed !== undefined && clock.now() >= agreed.since + millisToNanos(lingers))
        finish(nanos(agreed.since - healedAt))
      else if (served.refusesUs()) finish(undefined)
      else if (clock.now() < deadline) afterPause(clock, probe)
      else if (served.any()) finish(undefined)
      else
        awaitService({ ...options, served, healedAt, ask: () => compared[0] }, (late) => {
          deadline = afterMs(clock.now(), options.quietMs)
          if (late && forAgreement) probe()
          else finish(undefined)
        })
    })
  }

  function finish(convergedAfter: Nanos | undefined): void {
    const parts = forAgreement ? allOf(inputs, nodes) : dealt(inputs, nodes)
    const isOver = () => clock.now() >= (served.any() ? deadline : recoveryEnd(options, healedAt))
    const final = options.isHealed !== false && cluster.isUnderWay?.() !== true
    askAll(options, { isOver, final, ...asking }, parts, () => end(convergedAfter))
  }

  const end = (convergedAfter: Nanos | undefined): void =>
    done({
      convergedAfter,
      recovery:
        served.any() || served.refusesUs()
          ? { type: 'answered' }
          : { type: 'unanswered', waited: nanos(clock.now() - healedAt), misread: served.isMisread() },
    })

  if (compared.length > 0) probe()
  else if (inputs.length > 0) finish(undefined)
  else awaitService({ ...options, served, healedAt, ask: options.otherwise ?? (() => undefined) }, () => end(undefined))
}

interface Service {
  any(): boolean
  refusesUs(): boolean
  isMisread(): boolean
  completed(completion: Completion): void
}

function watchService(): Service {
  let isAnswered = false
  let isMisread = false
  let refused = 0
  let completions = 0
  return {
    any: () => isAnswered,
    refusesUs: () => completions > 0 && refused === completions,
    isMisread: () => isMisread,
    completed(completion) {
      isAnswered ||= isAnswer(completion)
      isMisread ||= completion.misread === true
      completions++
      if (completion.type !== 'ok' && isRefusal(completion.error)) refused++
    },
  }
}

interface Awaiting extends Options {
  readonly served: Service
  readonly healedAt: Nanos
  /** Returns the next input for a node. */
  readonly ask: () => Input | undefined
}

/**
 * Sends inputs round by round, until a node answers or the time of the recovery is up. The timeout grows, because a
 * recovering node may take longer than clients usually wait.
 */
function awaitService(options: Awaiting, done: (answered: boolean) => void): void {
  const { cluster, served, healedAt } = options
  const end = recoveryEnd(options, healedAt)
  let patienceMs: number = options.timeoutMs
  function round(): void {
    const leftMs = (end - cluster.clock.now()) / 1e6
    const timeoutMs = millis(Math.max(options.timeoutMs, Math.min(patienceMs, leftMs)))
    const parts = cluster.nodes.flatMap((node) => {
      const input = options.ask()
      return input === undefined ? [] : [{ node, inputs: [input] }]
    })
    if (parts.length === 0) {
      done(served.any())
      return
    }
    askAll(options, { served, timeoutMs, isOver: () => true, final: false }, parts, () => {
      patienceMs *= 2
      if (served.any() || cluster.clock.now() >= end) done(served.any())
      else afterPause(cluster.clock, round)
    })
  }
  round()
}

/** Returns the time by which a cluster must have recovered. */
const recoveryEnd = ({ cluster, quietMs }: Options, healedAt: Nanos): Nanos =>
  afterMs(healedAt, Math.max(quietMs, cluster.recoveryMs?.() ?? 0))

const afterMs = (time: Nanos, ms: number): Nanos => nanos(time + millisToNanos(millis(ms)))

/** The answers that all nodes gave at the time `since`, and in every round after it. */
interface Agreement {
  readonly answer: string
  readonly since: Nanos
}

/** Whether a node has an update that other nodes lack, so that an agreement may be temporary. */
function someOwes(cluster: Cluster): boolean {
  for (const status of cluster.status().values()) if (status?.owes === true) return true
  return false
}

const afterPause = (clock: Clock, callback: () => void): void => {
  clock.at(nanos(clock.now() + millisToNanos(PAUSE_BETWEEN_ROUNDS_MS)), callback)
}

interface Part {
  readonly node: NodeId
  readonly inputs: readonly Input[]
}

const allOf = (inputs: readonly Input[], nodes: readonly NodeId[]): Part[] => nodes.map((node) => ({ node, inputs }))

/** Distributes inputs over nodes. Every input is sent, and every node gets at least one. */
function dealt(inputs: readonly Input[], nodes: readonly NodeId[]): Part[] {
  const parts = nodes.map((node) => ({ node, inputs: [] as Input[] }))
  const rounds = Math.ceil(inputs.length / nodes.length)
  for (let i = 0; i < rounds * nodes.length; i++) {
    const input = inputs[i % inputs.length]
    if (input !== undefined) parts[i % nodes.length]?.inputs.push(input)
  }
  return parts
}

type Answers = Map<Input, Json[]>

interface Asking {
  readonly final: boolean
  readonly timeoutMs: Millis
  readonly served: Service
  /**
   * Returns whether the time for retries has passed. Until then, an operation other than a read is retried until it
   * succeeds.
   */
  readonly isOver: () => boolean
}

/** Sends the inputs of all nodes concurrently, one at a time to each node. */
function askAll(
  { cluster, recorder, workload }: Options,
  { final, timeoutMs, served, isOver }: Asking,
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
      served.completed(completion)
      const isAgain = completion.type !== 'ok' && !workload.reads.includes(input.f) && !isOver()
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
