import { createRandom, type NodeId } from '@chaos/faults'
import { UserError } from '@chaos/history'
import type { NodeStatus } from '@chaos/protocols'
import type { NodeSetup } from '../node/wire.ts'
import type { Keeper } from './keeper.ts'
import { lastWords } from './log-tail.ts'
import { brokenError, type NodeProcess, spawnNode } from './node-process.ts'

const END_GRACE_MS = 1000

export interface Ports {
  readonly clientPort: number
  readonly peerPort: number
}

export interface ManagedNodeOptions {
  readonly setup: Omit<NodeSetup, 'seed' | 'originNanos'>
  /** What its log counts from, until `countFrom` says otherwise. */
  readonly originNanos: bigint
  readonly seed: number
  readonly keeper: Keeper
  readonly startupTimeoutMs: number
  /** Where the node listens from now on; undefined while it does not. */
  readonly moved: (ports: Ports | undefined) => void
  readonly statusChanged: () => void
  /** A deliberate mistake has made a difference in it. */
  readonly marked: () => void
  /** It ended, and nobody had asked for it. */
  readonly died: (message: string) => void
  /** Its protocol's own code was why. */
  readonly broke: (error: UserError) => void
}

/** A node over all its lives: what is wrong with it is counted, so that faults may overlap and heal in any order. */
export interface ManagedNode {
  readonly id: NodeId
  /** Rejects with a UserError (environment) where it does not come up. */
  start(): Promise<void>
  /** Of the present life, or of the present time between two lives. */
  life(): { readonly number: number; readonly alive: boolean }
  status(): NodeStatus | undefined
  pid(): number | undefined
  /** The logs of this life and of all later ones count from this moment. */
  countFrom(originNanos: bigint): void
  /** Resolves with whether there was a process to kill. Each kill needs a `revive`, and only the last starts the node. */
  kill(): Promise<boolean>
  revive(): Promise<void>
  /** Resolves with whether there was a process to pause. Each pause needs a `resume`, and only the last resumes it. */
  pause(): Promise<boolean>
  resume(): void
  /** Ends it for good, whatever is going on. */
  end(): Promise<void>
}

export function manageNode(options: ManagedNodeOptions): ManagedNode {
  const { id, logPath } = options.setup
  let current: NodeProcess | undefined
  let lives = 0
  let life = { number: 0, alive: false }
  let kills = 0
  let pauses = 0
  let ended = false
  let originNanos = options.originNanos

  function enter(alive: boolean): void {
    life = { number: life.number + 1, alive }
  }

  async function start(): Promise<void> {
    if (ended) throw new UserError('environment', `${id} was not started again: the cluster is stopped`)
    lives++
    const seed = createRandom(`${options.seed}/${id}/${lives}`).integer(2 ** 31)
    const process = spawnNode({ ...options.setup, seed, originNanos: String(originNanos) }, options.keeper, options)
    current = process
    process.exited.then(() => {
      if (current !== process) return
      current = undefined
      if (life.alive) enter(false)
      options.moved(undefined)
      const broken = process.broken()
      if (broken !== undefined) {
        options.broke(brokenError(broken, logPath))
        return
      }
      if (kills === 0 && !ended)
        options.died(`${id} ended by itself; its last words: ${lastWords(logPath)} (${logPath})`)
    })
    const ports = await withinMs(options.startupTimeoutMs, process)
    options.moved(ports)
    enter(true)
    if (pauses > 0) await process.pause()
  }

  async function withinMs(timeoutMs: number, process: NodeProcess): Promise<Ports> {
    let late = false
    const timer = setTimeout(() => {
      late = true
      process.kill()
    }, timeoutMs)
    try {
      return await process.ready
    } catch (error) {
      if (ended) throw new UserError('environment', `${id} was not started again: the cluster is stopped`)
      if (!late) throw error
      throw new UserError('environment', `${id} was not ready within ${timeoutMs} ms. Its log is ${logPath}`)
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    id,
    start,
    life: () => life,
    status: () => current?.status(),
    pid: () => current?.pid,
    countFrom(moment) {
      originNanos = moment
      current?.countFrom(moment)
    },
    async kill() {
      kills++
      const victim = current
      await victim?.kill()
      return victim !== undefined
    },
    async revive() {
      kills--
      if (kills > 0 || current !== undefined) return
      try {
        await start()
      } catch (error) {
        // Killed anew while it was starting: the fault to be healed is over, and the other will be healed in its turn.
        if (kills === 0) throw error
      }
    },
    async pause() {
      pauses++
      // One that is on its way up is paused when it is there.
      if (current === undefined || !life.alive) return false
      await current.pause()
      return true
    },
    resume() {
      pauses--
      if (pauses === 0) current?.resume()
    },
    async end() {
      ended = true
      await current?.end(END_GRACE_MS)
    },
  }
}
