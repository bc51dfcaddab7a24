import { printable } from '@chaosproxy/report'
import type { PlannedRun, RunListener } from '@chaosproxy/runner'
import type { MetricsServer } from '../metrics/serve.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { print } from '../terminal/output.ts'
import { type EventFile, openEventFile } from './event-file.ts'
import type { RunSettings } from './use.ts'

/** The followers of a run besides the screen: a file of events, a collector of traces, Prometheus. */
export interface Followers {
  /** The listeners for the next run. */
  of(run: PlannedRun): readonly RunListener[]
  /** @throws UserError (environment) if the file of events is incomplete. */
  finish(): void
  /** Closes them, and prints what became of the traces unless `isQuiet`. */
  close(isQuiet: boolean): Promise<void>
}

/** Each is loaded only where it is wanted. @throws UserError (environment) for what cannot be opened. */
export async function openFollowers(
  settings: Pick<RunSettings, 'events' | 'telemetry' | 'metrics'>,
): Promise<Followers> {
  const metrics = settings.metrics === undefined ? undefined : await opened(settings.metrics)
  let telemetry: Telemetry | undefined
  let events: EventFile | undefined
  try {
    if (settings.telemetry !== undefined)
      telemetry = await (await import('../telemetry/telemetry.ts')).openTelemetry(settings.telemetry)
    events = settings.events === undefined ? undefined : openEventFile(settings.events)
  } catch (error) {
    await metrics?.close()
    throw error
  }
  return {
    of: (run) => [
      ...(events === undefined ? [] : [events.listener]),
      ...[telemetry, metrics].flatMap((follower) => (follower === undefined ? [] : [follower.follow(run)])),
    ],
    finish() {
      const untold = events?.close()
      if (untold !== undefined) throw untold
    },
    async close(isQuiet) {
      events?.close()
      await metrics?.close()
      const told = await telemetry?.close()
      if (told !== undefined && !isQuiet) print(process.stderr, `  ${printable(told)}\n`)
    },
  }
}

async function opened(listen: string): Promise<MetricsServer> {
  const server = await (await import('../metrics/serve.ts')).serveMetrics(listen)
  print(process.stderr, `  Metrics for Prometheus: ${server.url}\n`)
  return server
}
