import { setImmediate } from 'node:timers/promises'
import { isUserFile } from '@chaosproxy/targets'
import type { Tinypool } from 'tinypool'
import type { ExitCode } from '../exit-code.ts'
import { createPool } from '../fuzz/pool.ts'
import { type Shown, showScenario, showSupervised } from '../fuzz/show.ts'
import { subjectOf } from '../fuzz/subject-name.ts'
import { afterInterrupt, GRACE_MS, type Interrupts, listenForInterrupts } from '../run/interrupts.ts'
import { print } from '../terminal/output.ts'
import { createProgress } from '../terminal/progress.ts'
import { exitCodeOf, jsonOf, noPlays, pageOf, type ReplayOutcome, withPlay } from './outcome.ts'
import { playForReal } from './real.ts'
import type { ReplaySettings } from './settings.ts'

const INTERRUPTED = 'Interrupted: what was played until now is shown. Once more to end at once.'

/**
 * Plays the scenario as often as requested; reports how often it failed, and whether the history matched the recorded
 * one.
 */
export async function executeReplay(settings: ReplaySettings): Promise<ExitCode> {
  const progress = await createProgress({ quiet: settings.json })
  const interrupts = listenForInterrupts(INTERRUPTED)
  // A step of a user's own protocol may never return.
  const pool = !settings.real && isUserFile(settings.subject.target) ? createPool(1) : undefined
  try {
    let outcome: ReplayOutcome = noPlays
    for (let i = 0; i < settings.times && !interrupts.interrupted(); i++) {
      progress.update(`playing ${i + 1} of ${settings.times}`)
      const shown = await play(settings, pool, interrupts)
      if (shown !== undefined) outcome = withPlay(outcome, shown, settings.replay.digest)
      // The simulator never yields to the event loop, so interrupts are only noticed here.
      await setImmediate()
    }
    outcome = { ...outcome, interrupted: interrupts.interrupted() }
    progress.stop()
    print(process.stdout, settings.json ? `${JSON.stringify(jsonOf(settings, outcome))}\n` : pageOf(settings, outcome))
    return exitCodeOf(outcome)
  } finally {
    progress.stop()
    interrupts.release()
    await pool?.destroy()
  }
}

async function play(
  { replay, subject, real, invariants }: ReplaySettings,
  pool: Tinypool | undefined,
  interrupts: Interrupts,
): Promise<Shown | undefined> {
  const { scenario } = replay
  if (real) return playForReal(subject, scenario, interrupts)
  if (pool === undefined) return showScenario(await subjectOf(subject), scenario, invariants)
  return showSupervised(pool, subject, scenario, invariants, afterInterrupt(interrupts, GRACE_MS))
}
