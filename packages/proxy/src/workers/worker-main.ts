// A worker: carries connections of a network that another process controls.

import { createRandom } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import type { AppliedFault } from '../link/applied-fault.ts'
import { createNetwork } from '../network/network.ts'
import type { Route } from '../tcp/route.ts'
import type { WorkerCommand, WorkerReply, WorkerReport, WorkerRequest } from './messages.ts'

const REPORT_EVERY_MS = 200

// Workers need different seeds: connections with the same number in two workers must draw differently.
const seed = createRandom(process.env['CHAOS_PROXY_SEED'] ?? '').fork(`worker ${process.env['CHAOS_PROXY_WORKER']}`)
const network = createNetwork({ seed: seed.integer(2 ** 32) })
const routes: Map<number, Route> = new Map()
const faults: Map<number, AppliedFault> = new Map()

function report(): WorkerReport {
  return {
    statistics: [...network.statistics()],
    hits: [...faults].map(([number, { hits }]) => [number, hits]),
    liveConnections: [...routes].map(([number, { liveConnections }]) => [number, liveConnections]),
  }
}

async function obey(command: WorkerCommand): Promise<void> {
  switch (command.do) {
    case 'open':
      routes.set(command.route, await network.route(command.options))
      return
    case 'setUpstream':
      routes.get(command.route)?.setUpstream(command.upstream)
      return
    case 'close':
      await routes.get(command.route)?.close()
      routes.delete(command.route)
      return
    case 'apply':
      faults.set(command.fault, network.apply(command.harm))
      return
    case 'update':
      faults.get(command.fault)?.update(command.harm)
      return
    case 'remove':
      faults.get(command.fault)?.remove()
      return
    case 'report':
      return
    default:
      command satisfies never
  }
}

async function reply({ id, command }: WorkerRequest): Promise<WorkerReply> {
  try {
    await obey(command)
    return { id, report: report() }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const { code, message, cause } = error
    const causeCode = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
    return { id, report: report(), error: { code, message, cause: causeCode } }
  } finally {
    // The reply below still reports its hits.
    if (command.do === 'remove') queueMicrotask(() => faults.delete(command.fault))
  }
}

process.on('message', async (request: WorkerRequest) => {
  // The requester may be gone by now, and an unhandled error would be printed with its stack.
  process.send?.(await reply(request), undefined, undefined, () => undefined)
})
// Without the controlling process no fault would ever heal and no route close.
process.on('disconnect', async () => {
  await network.close()
  process.exit(0)
})
network.onTrouble((trouble) => process.send?.({ report: report(), trouble } satisfies WorkerReply))
const tellReport = () => process.send?.({ report: report() } satisfies WorkerReply)
setInterval(tellReport, REPORT_EVERY_MS).unref()
// The first report means that this worker now receives commands.
tellReport()
