import { mkdirSync } from 'node:fs'
import type { NodeId } from '@chaosproxy/faults'
import { inputError, type UserError } from '@chaosproxy/history'
import { startCommand } from '../../command/command-process.ts'
import { lastLines } from '../../command/log-tail.ts'
import { type Life, type SupervisedNode, superviseNode } from '../../command/supervised-node.ts'
import type { Keeper } from '../../keeper/keeper.ts'
import type { ProgramCommand } from '../../processes/command.ts'
import { type Body, type Message, parseMessage } from './message.ts'
import type { Topology } from './topology.ts'

/** The client that initialises nodes. */
export const STARTER = 'c0'
export const INIT_ID = 1
const TOPOLOGY_ID = 2

const starterMessage = (id: NodeId, msgId: number, type: string, members: object): Message => ({
  ...{ src: STARTER, dest: id },
  body: { type, msg_id: msgId, ...members },
})

export const initMessage = (id: NodeId, nodes: readonly NodeId[]): Message =>
  starterMessage(id, INIT_ID, 'init', { node_id: id, node_ids: [...nodes] })

export const topologyMessage = (id: NodeId, topology: Topology): Message =>
  starterMessage(id, TOPOLOGY_ID, 'topology', { topology })

/** Explains what is wrong with an answer to `init` or `topology`, if anything. */
export function whyNotStarted({ type, in_reply_to: id }: Body, topology?: Topology): string | undefined {
  const asks = topology !== undefined && id === TOPOLOGY_ID ? 'topology' : 'init'
  if (type === 'error') return `answers ${asks} with an error`
  if (asks === 'init' && id !== INIT_ID) return `answers init without its "msg_id", ${INIT_ID}, as "in_reply_to"`
  return type === `${asks}_ok` ? undefined : `answers ${asks} without "type": "${asks}_ok"`
}

interface MaelstromNodeOptions {
  readonly id: NodeId
  readonly nodes: readonly NodeId[]
  readonly words: ProgramCommand['words']
  readonly directory: string
  readonly logPath: string
  readonly keeper: Keeper
  /** The topology to send to the node, for broadcast workloads. */
  readonly topology?: Topology | undefined
  sent(message: Message): void
  misprinted(line: string, why: string): void
  died(message: string): void
}

export interface MaelstromNode extends SupervisedNode {
  readonly logPath: string
  /** Passes the program a message. A program that is down loses it. */
  receive(message: Message): void
  /** See `LineReader`. */
  unended(forMs: number): string | undefined
}

/** The time within which a program must answer `init`, as in Maelstrom. */
const STARTUP_MS = 10_000

export function maelstromNode(options: MaelstromNodeOptions): MaelstromNode {
  const { id, nodes, words, directory, logPath, keeper, topology } = options
  let deliver: ((message: Message) => void) | undefined
  let unended: MaelstromNode['unended'] = () => undefined

  async function launch(): Promise<Life<void>> {
    mkdirSync(directory, { recursive: true })
    let ready = () => {}
    let failed = (_: UserError) => {}
    const initialised = new Promise<void>((resolve, reject) => {
      ready = resolve
      failed = reject
    })

    function read(line: string): void {
      const message = parseMessage(line)
      if (typeof message === 'string') options.misprinted(line, message)
      else {
        if (message.src !== id) options.misprinted(line, `has a "src" other than its own id, ${id}`)
        if (message.dest === STARTER) answered(message)
        else options.sent({ ...message, src: id })
      }
    }

    function answered({ body }: Message): void {
      const wrong = whyNotStarted(body, topology)
      if (wrong !== undefined) failed(inputError(`${id}: the program ${wrong}: ${JSON.stringify(body)}`))
      else if (body.in_reply_to === INIT_ID && topology !== undefined) receive(topologyMessage(id, topology))
      else ready()
    }

    const process = await startCommand({ name: id, command: { words, directory }, logPath, keeper, line: read })
    const receive = (message: Message) => process.write(JSON.stringify(message))
    unended = process.unended
    process.exited.then(({ code, signal }) => {
      if (deliver === receive) deliver = undefined
      const how = signal === null ? `exited with ${code}` : `was ended by ${signal}`
      failed(inputError(`${id}: the program ${how} before it answered init with init_ok. ${lastLines(logPath)}`))
    })
    initialised.then(
      () => {
        deliver = receive
      },
      () => {},
    )
    receive(initMessage(id, nodes))
    return { process, ready: initialised }
  }

  const supervised = superviseNode<void>({
    ...{ id, logPath, launch, startupTimeoutMs: STARTUP_MS, died: options.died },
    awaited: () => `answers init with init_ok${topology === undefined ? '' : ', and topology with topology_ok'}`,
    moved() {},
  })
  return { ...supervised, logPath, receive: (message) => deliver?.(message), unended: (forMs) => unended(forMs) }
}
