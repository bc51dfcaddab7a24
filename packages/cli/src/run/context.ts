import type { Schedule } from '@chaos/faults'
import type { ProgressDisplay } from '../terminal/progress.ts'
import type { RunDirectory } from './directory.ts'
import type { Interrupts } from './interrupts.ts'
import type { RunSettings } from './settings.ts'

/** One run: what was decided of it before it began, where it goes, and how it speaks with whoever is waiting. */
export interface RunContext {
  readonly settings: RunSettings
  readonly schedule: Schedule
  readonly directory: RunDirectory
  readonly progress: ProgressDisplay
  readonly interrupts: Interrupts
}
