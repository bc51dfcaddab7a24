import { existsSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createRandom, type Fault, type NodeId, nodeNames } from '@chaosproxy/faults'
import { inputError, millis, millisToNanos, nanos, type UserError } from '@chaosproxy/history'
import type { Client, Injected, StartedCluster, StartOptions } from '@chaosproxy/runner'
import { type StandingFault, strangerIn } from '@chaosproxy/simulator'
import { lastWords } from '../../command/log-tail.ts'
import { sizeOf } from '../../command/readiness.ts'
import { commandsOf } from '../../command/supervised-node.ts'
import { createClock, type MachineClock } from '../../network/clock.ts'
import { injectIntoNodes, reportTo } from '../../network/inject.ts'
import { nodeHarms } from '../../network/node-harms.ts'
import { startCluster } from '../../network/starting.ts'
import type { ProgramCommand } from '../../processes/command.ts'
import { createBusiest } from './busiest.ts'
import { createExchanges } from './exchanges.ts'
import type { Message } from './message.ts'
import { type MaelstromNode, maelstromNode } from './node.ts'
import { createServices } from './services.ts'
import type { NetworkSettings } from './settings.ts'
import { createSwitchboard, type Switchboard } from './switchboard.ts'
import { topologyOf } from './topology.ts'
import type { RpcWorkload } from './workloads.ts'

interface MaelstromOptions
  extends NetworkSettings,
    Pick<StartOptions, 'seed' | 'nodes' | 'dataDir' | 'logDir' | 'signal'> {
  readonly words: ProgramCommand['words']
  readonly rpc: RpcWorkload
}

/** The fault-free period that Maelstrom gives a program after its faults. */
const RECOVERY_MS = millis(10_000)
/** The number of characters quoted from a line that is not a message. */
const MOST_LINE = 120
/** The time to wait for the rest of an incomplete line after the run. */
const UNENDED_MS = 500
const MOST_LOG_BYTES = 200 * 2 ** 20
const LOG_LOOKED_AT_MS = millis(500)
/**
 * A program floods the network if its nodes have sent at least `FLOOD_SHARE` messages per operation, and
 * `FLOOD_MESSAGES` in total.
 */
const FLOOD_SHARE = 1_000
const FLOOD_MESSAGES = 100_000
const FLOOD_CHECKED = 1_000

/**
 * Starts a process for each node, and carries their messages.
 *
 * @throws UserError: environment for a program that does not start, input for a program that does not answer `init`.
 */
export async function startMaelstrom(options: MaelstromOptions): Promise<StartedCluster> {
  const { signal, dataDir, logDir, rpc } = options
  // Each node runs in a directory of its own, so the paths in the command must be absolute.
  const [program, ...rest] = options.words
  const words: ProgramCommand['words'] = [here(program), ...rest.map(here)]
  const names = nodeNames(options.nodes)
  return startCluster<MaelstromNode, StartedCluster>(
    { orphans: 'its nodes will be left', signal },
    async (starting) => {
      const { keeper, news } = starting
      mkdirSync(logDir, { recursive: true })
      keeper.removeLater(resolve(dataDir))
      const began = process.hrtime.bigint()
      const clock = createClock(began)
      const traffic = openTraffic({
        options,
        names,
        clock,
        broke: news.broke,
        trouble: news.trouble,
        node: (id) => byId.get(id),
      })
      const managed = names.map((id) =>
        maelstromNode({
          ...{ id, nodes: names, words, keeper },
          topology: rpc.name === 'broadcast' ? topologyOf(names, options.topology) : undefined,
          directory: join(dataDir, id),
          logPath: join(logDir, `${id}.log`),
          sent: traffic.sent,
          misprinted: (line, why) =>
            traffic.once(`${id} printed a line that ${why}: ${line.slice(0, MOST_LINE)}`, `${id} ${why}`),
          died: (message) => news.trouble.push(message),
        }),
      )
      const byId = new Map(managed.map((node) => [node.id, node]))
      starting.nodes = managed
      await Promise.all(managed.map((node) => node.start()))
      const status = () => {
        const busiest = traffic.busiest()
        return new Map(
          managed.map(({ id, life }) => {
            const leads = id === busiest
            return [id, life().alive ? { role: leads ? 'busiest' : 'node', leads, ready: true } : undefined]
          }),
        )
      }
      return {
        nodes: names,
        clock,
        readyMs: Number(process.hrtime.bigint() - starting.calledNanos) / 1e6,
        connect: traffic.connect,
        inject(fault, injected) {
          if (doublesReplies(fault)) traffic.repeated()
          reportTo(injected, inject(fault, byId, traffic.switchboard))
        },
        mayBite: (kind) => Object.hasOwn(nodeHarms, kind) || traffic.switchboard.sent() > 0,
        status,
        lingersMs: millis(500),
        recoveryMs: () => (traffic.anyAnswered() && managed.some(({ life }) => life().alive) ? RECOVERY_MS : millis(0)),
        marked: () => [],
        leader: () => undefined,
        commands: () => commandsOf(managed),
        begin: () => watchLogs(managed, clock, news.broke),
        onBroken: news.onBroken,
        onChange: news.onChange,
        notes: async () => [...traffic.notes(), ...(traffic.anyAnswered() ? [] : lastWordsOf(managed))],
        trouble: () => [...news.trouble, ...managed.flatMap(unendedLine)],
        stop(stopped) {
          clock.stop()
          starting.stop().then(stopped)
        },
      }
    },
  )
}

const unendedLine = ({ id, unended }: MaelstromNode): readonly string[] => {
  const text = unended(UNENDED_MS)
  return text === undefined
    ? []
    : [`${id} printed ${text.length} characters without a line feed, which ends a message: ${text.slice(0, MOST_LINE)}`]
}

const lastWordsOf = (nodes: readonly MaelstromNode[]): readonly string[] =>
  nodes.flatMap(({ id, logPath }) => {
    const words = lastWords(logPath)
    return words === '' ? [] : [`${id} said last: ${words} (${logPath})`]
  })

/** Ends the run if its program fills the disk with logs. */
function watchLogs(nodes: readonly MaelstromNode[], clock: MachineClock, broke: (error: UserError) => void): void {
  function look(): void {
    const long = nodes.find(({ logPath }) => sizeOf(logPath) > MOST_LOG_BYTES)
    if (long === undefined) clock.at(nanos(clock.now() + millisToNanos(LOG_LOOKED_AT_MS)), look, { keepsAlive: false })
    else
      broke(
        inputError(
          `${long.id} has written more than ${MOST_LOG_BYTES / 2 ** 20} MB to standard error (${long.logPath}). Log less.`,
        ),
      )
  }
  look()
}

const doublesReplies = (fault: Fault): boolean =>
  fault.kind === 'duplicate-message' && fault.links.some(({ from, to }) => from === 'clients' || to === 'clients')

const here = (word: string): string => (word.includes('/') && existsSync(word) ? resolve(word) : word)

interface Surroundings {
  readonly options: MaelstromOptions
  readonly names: readonly NodeId[]
  readonly clock: ReturnType<typeof createClock>
  readonly trouble: string[]
  broke(error: UserError): void
  node(id: NodeId): MaelstromNode | undefined
}

interface Traffic {
  readonly switchboard: Switchboard
  connect(node: NodeId): Client
  sent(message: Message): void
  once(text: string, kind: string): void
  notes(): readonly string[]
  /** See `Exchanges`. */
  anyAnswered(): boolean
  /** See `Exchanges`. */
  repeated(): void
  /** See `Busiest`. */
  busiest(): NodeId | undefined
}

function openTraffic({ options, names, clock, trouble, broke, node }: Surroundings): Traffic {
  const { rpc, seed, latency } = options
  const services = createServices(createRandom(seed).fork('services'))
  const reported = new Set<string>()
  const busiest = createBusiest()
  let sent = 0

  const switchboard = createSwitchboard({
    ...{ nodes: names, clock, seed, latency },
    deliver(message) {
      if (message.dest.startsWith('c')) exchanges.replied(message)
      else node(message.dest)?.receive(message)
    },
  })

  const exchanges = createExchanges({
    ...{ rpc, clock, once, broke },
    send: (to, message) => switchboard.send('clients', to, message),
  })

  /** Stops a program that sends ever more messages, before it takes all memory. */
  function refuseFlood(): void {
    const ended = exchanges.ended()
    sent++
    if (sent % FLOOD_CHECKED !== 0 || sent < FLOOD_MESSAGES || sent < FLOOD_SHARE * ended) return
    broke(
      inputError(
        `the nodes sent ${sent} messages for ${ended} operations: the program floods the network. Send fewer, such as one batch every 100 ms.`,
      ),
    )
  }

  function once(text: string, kind: string): void {
    if (reported.has(kind)) return
    reported.add(kind)
    trouble.push(text)
  }

  return {
    switchboard,
    once,
    connect: exchanges.connect,
    busiest: busiest.node,
    anyAnswered: exchanges.anyAnswered,
    repeated: exchanges.repeated,
    sent(message) {
      const { src, dest, body } = message
      refuseFlood()
      const service = services.get(dest)
      if (service !== undefined) {
        const reply = { ...service(src, body), in_reply_to: body.msg_id }
        node(src)?.receive({ src: dest, dest: src, body: reply })
      } else if (names.includes(dest)) {
        switchboard.send(src, dest, message)
        busiest.sent(src, clock.now())
      } else if (/^c\d/.test(dest)) switchboard.send(src, 'clients', message)
      else once(`${src} sent a message to ${dest}, and there is no such node, client or service`, `${src} to ${dest}`)
    },
    notes() {
      const ended = exchanges.ended()
      if (ended === 0) return []
      const sent = switchboard.sent()
      if (sent === 0) return ['the nodes sent no messages to each other, so faults on their links had nothing to hit']
      return [`${(sent / ended).toFixed(1)} messages between nodes for each operation, ${sent} in all`]
    },
  }
}

async function inject(
  fault: Fault,
  nodes: ReadonlyMap<NodeId, MaelstromNode>,
  switchboard: Switchboard,
): Promise<Injected> {
  const { network, now } = switchboard
  const stranger = strangerIn(fault, { nodes, network })
  if (stranger !== undefined) return { type: 'failed', error: stranger }
  if (fault.kind === 'failover') return { type: 'failed', error: 'no command makes its nodes fail over' }
  if ('nodes' in fault) return injectIntoNodes(fault, nodes)
  const standing = now((at): StandingFault => ({ hits: 0, fault, appliedAt: at }))
  now(() => network.add(fault.links, standing))
  return {
    type: 'injected',
    heal(healed) {
      now(() => network.remove(fault.links, standing))
      healed({ type: 'healed', hits: standing.hits })
    },
  }
}
