import { hostname } from 'node:os'
import { environmentError, errorText, inputError, printable } from '@chaosproxy/history'
import { type Client, type Clock, driveShare, type Elsewhere } from '@chaosproxy/runner'
import { createClock, openElsewhere } from '@chaosproxy/targets'
import { findWorkload } from '@chaosproxy/workloads'
import type { Connected } from '../connect.ts'
import { converse } from './conversation.ts'
import { type Chunk, type Report, readBeat, type State } from './messages.ts'
import type { LoadOrder } from './order.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import { whyUnreachable } from './reach.ts'
import { type StageWatch, watchStages } from './stage-watch.ts'

const LOOK_EVERY_MS = 100

/**
 * Drives a worker's clients, and reports their operations. Returns why the work ended early, if it did.
 *
 * @throws UserError (input) if this worker does not know the workload, or cannot read the declaration of the clients;
 * (environment) if the password of the clients is missing.
 */
export async function performShare(order: LoadOrder, connect: Connected['connect']): Promise<string | undefined> {
  const { run, share, elsewhere, leaseMs } = order
  if (findWorkload(order.workload.name) === undefined)
    throw inputError(`there is no workload ${printable(order.workload.name)}`)
  const reached = await openReached(elsewhere)
  const unreachable = await whyUnreachable(elsewhere, order.machine)
  const clock = createClock(process.hrtime.bigint())
  const outbox = createOutbox(report)
  const stage = watchStages()
  const text = unreachable ?? `${hostname()}, process ${process.pid}`
  let state: State = unreachable === undefined ? 'ready' : 'refused'
  let [heard, heardAt] = [0, performance.now()]

  function report(chunk?: Chunk): void {
    const message: Report = { state, text, heard, at: clock.now(), chunks: outbox.made(), chunk }
    conversation.send(message)
  }

  const conversation = await converse(connect, { run, worker: share.index, as: 'worker' })
  conversation.hear((message) => {
    const beat = readBeat(message)
    if (beat === undefined || beat.number <= heard) return
    heard = beat.number
    heardAt = performance.now()
    outbox.acknowledged(beat.acknowledged)
    stage.heard(beat.stage)
    if (!outbox.repeat()) report()
  })
  const watching = setInterval(() => {
    if (performance.now() - heardAt > leaseMs)
      stage.giveUp(environmentError(`the run sent this worker nothing for ${leaseMs / 1000} s`))
  }, LOOK_EVERY_MS)
  try {
    const enter = (next: State) => {
      state = next
      outbox.flush()
      report()
    }
    await stage.reached('work')
    if (stage.is('work') && unreachable === undefined) await drive(order, { clock, outbox, stage, reached, enter })
    await stage.reached('end')
    enter('ended')
    return unreachable
  } catch (error) {
    return errorText(error)
  } finally {
    clearInterval(watching)
    clock.stop()
    // Stops receiving messages. A late message could make a client use a closed connection.
    conversation.close()
    await reached.close()
  }
}

interface Driving {
  readonly clock: Clock
  readonly outbox: Outbox
  readonly stage: StageWatch
  readonly reached: Reached
  readonly enter: (state: State) => void
}

/** Drives the clients until the run stops, and again after healing, until their final operations end. */
async function drive(order: LoadOrder, { clock, outbox, stage, reached, enter }: Driving): Promise<void> {
  const { clients, sticky, rate, timeoutMs, seed, share, elsewhere } = order
  const workload = findWorkload(order.workload.name)
  if (workload === undefined) return
  const nodes = elsewhere.addresses.map(({ node }) => node)
  const driven = driveShare({
    ...{ workload, settings: order.workload.settings, clients, sticky, rate, timeoutMs, seed, share },
    cluster: { nodes, clock, connect: reached.connect },
    emit: outbox.add,
    whenKnown: outbox.whenKnown,
  })
  enter('working')
  await stage.reached('stop')
  await stage.unlessEnded(new Promise((resolve) => driven.stop(resolve)))
  enter('stopped')
  await stage.reached('follow')
  await stage.unlessEnded(new Promise((resolve) => driven.follow(resolve)))
  enter('followed')
}

interface Reached {
  connect(node: string): Client
  close(): Promise<void>
}

async function openReached(elsewhere: Elsewhere): Promise<Reached> {
  const opened = await openElsewhere(elsewhere)
  const clients = new Set<Client>()
  return {
    connect(node) {
      const client = opened.connect(node)
      clients.add(client)
      return {
        invoke: (...given) => client.invoke(...given),
        close() {
          clients.delete(client)
          client.close()
        },
      }
    },
    async close() {
      for (const client of clients) client.close()
      await opened.close()
    },
  }
}
