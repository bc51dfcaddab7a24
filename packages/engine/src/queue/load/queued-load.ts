import type { JudgedRunOptions } from '@chaosproxy/runner'
import { connectQueue } from '../connect.ts'
import { type LoadSettings, openLoad } from './open-load.ts'

export type { LoadEvent } from './session.ts'

interface QueuedLoadSettings extends LoadSettings {
  readonly queue: string
  /** This machine's address for workers on other machines. */
  readonly reach?: string | undefined
}

/**
 * Lets workers of a queue drive the clients of a run. This process injects the faults, performs the final reads and
 * judges the run.
 *
 * @throws UserError as `connectQueue` does.
 */
export async function queuedLoad({
  queue,
  reach,
  ...settings
}: QueuedLoadSettings): Promise<Pick<JudgedRunOptions, 'load' | 'reach'>> {
  const connected = await connectQueue(queue)
  return { reach, load: (cluster, run, signal) => openLoad(connected, settings, { cluster, run, signal }) }
}
