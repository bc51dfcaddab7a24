import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createRandom, type NodeId, type Random } from '@chaosproxy/faults'
import { byName, type Millis, millis, usageError } from '@chaosproxy/history'
import type { Effect, MachineEvent, NodeSetting, NodeStatus, ProtocolModule, Transition } from '@chaosproxy/protocols'
import { findWorkload } from '@chaosproxy/workloads'
import { builtEntry } from '../../processes/entry.ts'
import type { LineProcess } from '../binary/line-process.ts'
import { processesOf } from '../binary/processes.ts'
import { type Answer, type Question, SEED_MEMBER } from '../virtual-program/line.ts'
import { completionOfReply } from './exchanges.ts'
import { type Body, type Message, parseMessage } from './message.ts'
import { INIT_ID, initMessage, STARTER, topologyMessage, whyNotStarted } from './node.ts'
import { maelstromProgram } from './reference.ts'
import { createServices, type Service } from './services.ts'
import { type NetworkSettings, networkOf, networkSettings } from './settings.ts'
import { topologyOf } from './topology.ts'
import type { RpcWorkload } from './workloads.ts'

/**
 * The maximum delay of messages to and from services, and of a node's messages to itself. While a program waits for
 * such a message, other messages may arrive.
 */
const MOST_SERVICE_MS = 5
const CLIENT = 'c1'
const WAKE = 'wake'
const MOST_LINE = 120

type Sent = Effect<Message, never>
type Step = Transition<Running, Message, never>

interface Running {
  readonly id: NodeId
  readonly nodes: readonly NodeId[]
  readonly process: LineProcess
  readonly random: Random
  /** When the program started, by its steady clock; unknown before its first event. */
  began: number | undefined
  isReady: boolean
  readonly onTheWay: Map<string, Message>
  readonly requests: Map<number, Extract<MachineEvent<Message>, { readonly type: 'request' }>>
  serial: number
}

/**
 * Returns a Maelstrom program for Node as a protocol in virtual time. Each life of a node is a process with the
 * simulation's clock, timers and randomness. As in Maelstrom, partitions do not affect links to services.
 *
 * @throws UserError (usage) for a program in another language: its timers would ring in real time.
 */
export function maelstromProtocol(reference: string): ProtocolModule {
  const { rpc, command, words } = maelstromProgram(reference)
  const program = nodeArguments(words, command)
  return {
    name: `maelstrom-${rpc.name}`,
    summary: `${command}, a Maelstrom program in virtual time`,
    objects: [rpc.object],
    functions: rpc.functions,
    // Protocols cannot promise all levels of Maelstrom's workloads, such as `strict-serializable`. This protocol
    // therefore promises none, and the command line chooses the level.
    promises: 'none',
    sticky: true,
    notUnder: ['kill', 'crash', 'power-loss', 'corrupt-message', 'forge-message'],
    settings: networkSettings,
    create: ({ settings }) => machineOf(rpc, program, networkOf(settings)),
  }
}

function nodeArguments([program, ...args]: readonly string[], command: string): readonly string[] {
  if (program === undefined || basename(program) === 'node') return args
  if (/\.[cm]?js$/.test(program) || firstLine(program).includes('node')) return [program, ...args]
  throw usageError(
    `${command}: only Node programs, such as node ./program.js, run in virtual time, which replaces their timers. Run any other program in real time: chaos run --target maelstrom.`,
  )
}

function firstLine(file: string): string {
  try {
    return /^#!.*/.exec(readFileSync(file, 'latin1'))?.[0] ?? ''
  } catch {
    return ''
  }
}

function machineOf(rpc: RpcWorkload, program: readonly string[], { latency, topology }: NetworkSettings) {
  const processes = processesOf(JSON.stringify(program))
  const isDelayed = latency.delayMs + latency.jitterMs > 0
  let services: ReadonlyMap<string, Service> | undefined

  /** Passes messages to the program, and collects its effects. */
  function delivered(state: Running, messages: readonly Message[], now: Millis, steady: Millis): Step {
    state.began ??= steady
    const question: Question = {
      now,
      steady: steady - state.began,
      lines: messages.map((message) => JSON.stringify(message)),
    }
    const { lines, wakeAfterMs }: Answer = JSON.parse(state.process.ask(JSON.stringify(question)))
    const effects = lines.flatMap((line): readonly Sent[] => {
      const message = parseMessage(line)
      if (typeof message === 'string')
        throw new Error(`${state.id} printed a line that ${message}: ${line.slice(0, MOST_LINE)}`)
      return routed(state, { ...message, src: state.id })
    })
    const wake: Sent =
      wakeAfterMs === undefined
        ? { type: 'cancelTimer', timer: WAKE }
        : { type: 'setTimer', timer: WAKE, afterMs: millis(wakeAfterMs) }
    return { state, effects: [...effects, wake] }
  }

  function routed(state: Running, message: Message): readonly Sent[] {
    const { dest, body } = message
    if (dest === STARTER) return initialised(state, body, rpc.name === 'broadcast' ? topology : undefined)
    if (services?.has(dest) === true || dest === state.id) return [later(state, message)]
    if (state.nodes.includes(dest))
      return isDelayed
        ? [later(state, message, millis(latency.delayMs + state.random.next() * latency.jitterMs))]
        : [{ type: 'send', to: dest, message }]
    if (dest === CLIENT) return replied(rpc, state, body)
    throw new Error(`${state.id} sent a message to ${dest}, and there is no such node, client or service`)
  }

  function arrived(state: Running, timer: string, now: Millis, steady: Millis): Step {
    const message = state.onTheWay.get(timer)
    state.onTheWay.delete(timer)
    if (message === undefined) return { state, effects: [] }
    const service = services?.get(message.dest)
    if (message.dest !== state.id && state.nodes.includes(message.dest))
      return { state, effects: [{ type: 'send', to: message.dest, message }] }
    if (service === undefined) return delivered(state, [message], now, steady)
    const { src, dest, body } = message
    const reply = { ...service(src, body), in_reply_to: body.msg_id }
    return { state, effects: [later(state, { src: dest, dest: src, body: reply })] }
  }

  return {
    start({ id, peers, seed }: NodeSetting): Step {
      const random = createRandom(seed).fork('services')
      services ??= createServices(random)
      const nodes = [id, ...peers].toSorted(byName)
      const process = processes.launched(id, wordsFor(program, seed))
      const state: Running = {
        ...{ id, nodes, process, random, began: undefined, isReady: false, serial: INIT_ID },
        onTheWay: new Map(),
        requests: new Map(),
      }
      // The first message is sent by a timer, because the node learns the steady clock only from events.
      return { state, effects: [later(state, initMessage(id, nodes), millis(0))] }
    },
    step(state: Running, event: MachineEvent<Message>, now: Millis, steady: Millis): Step {
      if (event.type === 'message') return delivered(state, [event.message], now, steady)
      if (event.type === 'timer')
        return event.timer === WAKE ? delivered(state, [], now, steady) : arrived(state, event.timer, now, steady)
      if (!state.isReady) return { state, effects: [] }
      const id = ++state.serial
      state.requests.set(id, event)
      const body = { ...rpc.request(event.input, id), msg_id: id }
      return delivered(state, [{ src: CLIENT, dest: state.id, body }], now, steady)
    },
    status: ({ isReady }: Running): NodeStatus => ({ role: 'node', leads: false, ready: isReady }),
  }
}

function later(state: Running, message: Message, afterMs?: Millis): Sent {
  const timer = `message-${++state.serial}`
  state.onTheWay.set(timer, message)
  return { type: 'setTimer', timer, afterMs: afterMs ?? millis(state.random.next() * MOST_SERVICE_MS) }
}

function wordsFor(program: readonly string[], seed: number): readonly string[] {
  const frame = `${pathToFileURL(builtEntry('stdio/virtual-program'))}?${SEED_MEMBER}=${seed}`
  return [process.execPath, '--import', frame, ...program]
}

function initialised(state: Running, body: Body, topology: string | undefined): readonly Sent[] {
  const neighbours = topology === undefined ? undefined : topologyOf(state.nodes, topology)
  const wrong = whyNotStarted(body, neighbours)
  if (wrong !== undefined) throw new Error(`${state.id}: the program ${wrong}: ${JSON.stringify(body)}`)
  if (body.in_reply_to === INIT_ID && neighbours !== undefined)
    return [later(state, topologyMessage(state.id, neighbours))]
  state.isReady = true
  return []
}

function replied(rpc: RpcWorkload, state: Running, body: Body): readonly Sent[] {
  const id = body.in_reply_to ?? 0
  const request = state.requests.get(id)
  if (request === undefined) throw new Error(`${state.id} replied twice to the same request (${JSON.stringify(body)})`)
  state.requests.delete(id)
  const { requestId, input } = request
  const result = completionOfReply(
    rpc,
    body,
    { input, harmless: (findWorkload(rpc.workload)?.reads ?? []).includes(input.f) },
    id,
  )
  if (typeof result !== 'string') return [{ type: 'reply', requestId, result }]
  throw new Error(`${state.id}: ${rpc.name}: its reply ${result}: ${JSON.stringify(body).slice(0, MOST_LINE)}`)
}
