import type { NodeId } from '@chaosproxy/faults'
import { environmentError, UserError } from '@chaosproxy/history'
import type { ProgramCommand } from '../processes/command.ts'
import { portsOfSession } from '../processes/listening.ts'
import { type CommandProcess, type Exit, howItEnded } from './command-process.ts'
import { endOfLog, lastWordsText } from './log-tail.ts'

const END_GRACE_MS = 1000

/** One life of a node, and what is known once it is ready, such as its ports. */
export interface Life<Ready> {
  readonly process: Pick<CommandProcess, 'pid' | 'command' | 'exited' | 'pause' | 'resume' | 'kill' | 'end'>
  /** Rejects with a UserError if the process ends first. */
  readonly ready: Promise<Ready>
}

interface SupervisedNodeOptions<Ready> {
  readonly id: NodeId
  readonly logPath: string
  readonly startupTimeoutMs: number
  /** Describes what the node waits for, for the message of a timeout: `accepts connections on 127.0.0.1:7000`. */
  readonly awaited?: (() => string) | undefined
  /** Called at most once, if the node's first process takes long to become ready. `text` describes the wait. */
  readonly waits?: ((text: string) => void) | undefined
  /** Starts a life. Lives are counted from 1. */
  launch(life: number): Promise<Life<Ready>>
  /** Called with `ready` when the node begins to serve, and with undefined when it stops serving. */
  moved(ready: Ready | undefined): void
  died(message: string): void
}

/** A node over all its lives. Kills and pauses are counted, so that they may overlap and heal in any order. */
export interface SupervisedNode {
  readonly id: NodeId
  /** Starts the node. Rejects with a UserError (environment) if the node does not become ready. */
  start(): Promise<void>
  /** Returns whether the node is alive, and a number that increases at each start and end of the node. */
  life(): { readonly number: number; readonly alive: boolean }
  pid(): number | undefined
  command(): ProgramCommand | undefined
  /**
   * Kills the node. Resolves with whether there was a process to kill. Each kill needs a `revive`, and only the last
   * `revive` restarts the node.
   */
  kill(): Promise<boolean>
  /**
   * Announces a fault that may make the node end by itself. Such an end is not reported as a failure. Each call needs a
   * `revive`, as a kill does, and only the last `revive` restarts the node.
   */
  expectEnd(): void
  revive(): Promise<void>
  /** Notes that the node's files are damaged. `lost` is called whenever the node ends by itself or fails to start. */
  damage(lost: (why: string) => void): void
  /**
   * Pauses the node. Resolves with whether there was a process to pause. Each pause needs a `resume`, and only the last
   * `resume` resumes the node.
   */
  pause(): Promise<boolean>
  resume(): void
  end(): Promise<void>
}

/** Callbacks for a process that ended by itself, or did not start again. */
interface Hearing {
  readonly ended: (text: string) => void
  readonly refused: (error: unknown) => void
}

const rethrow = (error: unknown): never => {
  throw error
}

const lostTo = (lost: (why: string) => void): Hearing => ({
  ended: lost,
  refused: (error) => (error instanceof UserError ? lost(error.message) : rethrow(error)),
})

const endedText = ({ id, logPath }: { readonly id: NodeId; readonly logPath: string }, exit: Exit): string =>
  `${id} ended by itself (${howItEnded(exit)})${lastWordsText(logPath)} (${logPath})`

interface Counts {
  lives: number
  faults: number
  healed: number
}

const isUnderFault = ({ faults, healed }: Counts): boolean => faults > healed

/** Starts a node. Retries if a fault during the start may have caused the failure. */
async function restart(start: () => Promise<void>, count: Counts, refused: Hearing['refused']): Promise<void> {
  const { lives, faults } = count
  try {
    await start()
  } catch (error) {
    // If the node was killed again during the start, the heal of that kill restarts it.
    if (isUnderFault(count) || count.lives > lives + 1) return
    await (count.faults > faults ? restart(start, count, refused) : refused(error))
  }
}

export function superviseNode<Ready>(options: SupervisedNodeOptions<Ready>): SupervisedNode {
  const { id } = options
  let current: Life<Ready>['process'] | undefined
  let launching: Promise<unknown> | undefined
  let life = { number: 0, alive: false }
  const count: Counts = { lives: 0, faults: 0, healed: 0 }
  let pauses = 0
  let ended = false
  const hearing: Hearing = { ended: options.died, refused: rethrow }
  let command: ProgramCommand | undefined

  function enter(alive: boolean): void {
    life = { number: life.number + 1, alive }
  }

  async function start(): Promise<void> {
    if (ended) throw stopped(id)
    count.lives++
    const launch = options.launch(count.lives)
    launching = launch.catch(() => {})
    const { process, ready } = await launch
    // The rejection counts as handled, even if nobody waits for `ready`.
    ready.catch(() => {})
    current = process
    command = process.command
    process.exited.then((exit) => {
      if (current !== process) return
      current = undefined
      if (life.alive && !isUnderFault(count) && !ended) hearing.ended(endedText(options, exit))
      if (life.alive) enter(false)
      options.moved(undefined)
    })
    const waits = count.lives === 1 ? options.waits : undefined
    const reached = await inTime(process, ready, { ...options, waits }).catch((error: unknown) => {
      throw ended ? stopped(id) : error
    })
    options.moved(reached)
    enter(true)
    if (pauses > 0) await process.pause()
  }

  return {
    id,
    start,
    life: () => life,
    pid: () => current?.pid,
    command: () => command,
    async kill() {
      count.faults++
      // While the node is being launched, its process may not exist yet, so `kill` waits for the launch.
      await launching
      const victim = current
      await victim?.kill()
      return victim !== undefined
    },
    expectEnd: () => void count.faults++,
    async revive() {
      count.healed++
      if (!isUnderFault(count) && current === undefined) await restart(start, count, (error) => hearing.refused(error))
    },
    damage: (lost) => void Object.assign(hearing, lostTo(lost)),
    async pause() {
      pauses++
      // A node that is still starting has no process to pause. `start` pauses it as soon as it exists.
      if (current === undefined || !life.alive) return false
      await current.pause()
      return true
    },
    resume() {
      if (--pauses === 0) current?.resume()
    },
    async end() {
      ended = true
      await launching
      await current?.end(END_GRACE_MS)
    },
  }
}

export const commandsOf = (
  nodes: readonly Pick<SupervisedNode, 'id' | 'command'>[],
): { readonly [node: NodeId]: ProgramCommand } =>
  Object.fromEntries(
    nodes.flatMap((node) => {
      const command = node.command()
      return command === undefined ? [] : [[node.id, command] as const]
    }),
  )

/** After this many milliseconds, a wait is reported with its reason. */
const LONG_MS = 4_000

async function inTime<Ready>(
  process: Life<Ready>['process'],
  ready: Promise<Ready>,
  { id, logPath, startupTimeoutMs, awaited, waits }: SupervisedNodeOptions<Ready>,
): Promise<Ready> {
  let late = false
  let ports: readonly number[] = []
  const timer = setTimeout(() => {
    late = true
    ports = portsOfSession(process.pid)
    process.kill()
  }, startupTimeoutMs)
  const condition = awaited === undefined ? '' : ` It is ready once it ${awaited()}.`
  const long = setTimeout(() => {
    // The ports are reported as a possible cause, unless the node listens on a port that its command names.
    const command = JSON.stringify(process.command)
    const others = portsOfSession(process.pid)
    const listens = others.some((port) => command.includes(String(port))) ? '' : listensText(others)
    waits?.(
      `${id} is not ready after ${LONG_MS / 1000} s; it has ${startupTimeoutMs / 1000} s.${condition}${listens}${lastWordsText(logPath)}`,
    )
  }, LONG_MS)
  try {
    const reached = await ready
    // The timeout kills the process. The node therefore counts as late even if it has become ready in the meantime.
    if (!late) return reached
  } catch (error) {
    if (!late) throw error
  } finally {
    clearTimeout(timer)
    clearTimeout(long)
  }
  throw environmentError(
    `${id} was not ready within ${startupTimeoutMs} ms.${condition}${listensText(ports)} ${endOfLog(logPath)}`,
  )
}

const listensText = (ports: readonly number[]): string =>
  ports.length === 0 ? '' : ` It listens on port ${ports.join(', ')}: check that its command uses {port}.`

const stopped = (id: NodeId): UserError => environmentError(`${id} was not started again: the cluster is stopped`)
