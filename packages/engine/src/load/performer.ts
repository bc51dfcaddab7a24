import { performRun } from '@chaosproxy/runner'
import { connectQueue } from '../queue/connect.ts'
import type { Performer } from '../run/apart.ts'
import { type LoadSettings, openLoad } from './open-load.ts'

export type { LoadEvent } from './session.ts'

interface LoadPerformerSettings extends LoadSettings {
  /** The address of the Redis, or `env:NAME`. */
  readonly queue: string
  /** This machine's address for workers on others. */
  readonly reach?: string | undefined
}

/**
 * Performs runs whose clients are driven by workers of a queue; faults, final reads and the verdict stay here.
 *
 * @throws UserError as `connectQueue` does.
 */
export async function loadPerformer({ queue, reach, ...settings }: LoadPerformerSettings): Promise<Performer> {
  const connected = await connectQueue(queue)
  return {
    perform: (planned, options) =>
      performRun(planned, {
        ...options,
        reach,
        load: (cluster, run, signal) => openLoad(connected, settings, { cluster, run, signal }),
      }),
    end: async () => {},
  }
}
