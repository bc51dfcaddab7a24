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
 * Lets workers of a queue drive a run's clients. This process injects faults, reads finally, and judges.
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
